"""The web demo, driven end to end in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import trimesh
from helpers import ROOT
from using import make_model, make_picture, make_workdir

from vaegan_jax.errors import UserError

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
if CHROMIUM is None:
    pytest.skip("there is no Chromium", allow_module_level=True)
pytest.importorskip("gradio", reason="the extra `demo` is not installed")
playwright = pytest.importorskip("playwright.sync_api")

PATIENCE = 90_000  # milliseconds


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Of a running demo."""
    workdir = make_workdir(tmp_path_factory.mktemp("run"), "mv_vae_gan")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = open(tmp_path_factory.mktemp("log") / "demo.log", "w+")  # noqa: SIM115
    command = ["scripts/demo.py", f"--workdir={workdir}", f"--port={port}"]
    server = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=os.environ, stdout=log, stderr=log
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def _wait_for(address, server, log):
    for _ in range(180):
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.5)
    log.seek(0)
    raise AssertionError(log.read())


@pytest.fixture
def page(address):
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
                  "--enable-unsafe-swiftshader"],
        )  # fmt: skip
        page = browser.new_page(viewport={"width": 1000, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        yield page
        browser.close()


def shown(page, caption):
    """Waits until the frame in the open tab has drawn a shape of this caption."""
    frame = page.locator("iframe:visible").content_frame
    frame.get_by_text(caption).wait_for()
    frame.locator("html[data-drawn='1']").wait_for(state="attached")


def test_sample_and_download(page, tmp_path):
    page.get_by_label("Seed").first.fill("5")
    page.get_by_role("button", name="Sample").click()
    shown(page, "seed 5")
    with page.expect_download() as download:
        page.locator("a[download$='.stl']:visible").first.click()
    download.value.save_as(tmp_path / "shape.stl")
    assert trimesh.load(tmp_path / "shape.stl").is_watertight


def test_pictures_are_added_and_removed(page, tmp_path):
    page.get_by_role("tab", name="Reconstruct").click()
    pictures = [make_picture(tmp_path / f"{i}.png", i) for i in range(2)]
    page.locator("input[type=file]").first.set_input_files(pictures)
    shown(page, "from 2 picture(s)")
    page.get_by_label("Remove this file").first.click()
    shown(page, "from 1 picture(s)")


def test_a_picture_that_cannot_be_used_is_named(page, tmp_path):
    page.get_by_role("tab", name="Reconstruct").click()
    (tmp_path / "broken.png").write_text("no picture")
    page.locator("input[type=file]").first.set_input_files([tmp_path / "broken.png"])
    page.get_by_text("broken.png cannot be read as a picture").first.wait_for()


def test_requests_have_limits():
    from vaegan_jax import demo

    model = make_model("mv_vae_gan")
    assert demo.reconstruct(model, None) == ("", [])
    with pytest.raises(UserError, match="13 pictures are too many; give 12"):
        demo.reconstruct(model, ["a.png"] * 13)
    for seed in (-1, 0.5, None, 2**31):
        with pytest.raises(UserError, match="a seed is a whole number"):
            demo.sample(model, seed, 1.0)


def test_interpolation(page):
    page.get_by_role("tab", name="Interpolate").click()
    page.get_by_role("button", name="Interpolate").click()
    shown(page, "at 50%")
