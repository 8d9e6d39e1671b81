"""The web demo, driven end to end in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import numpy as np
import pytest
import requests
import trimesh

from tests.helpers import REFINER, ROOT
from tests.using import make_model, make_picture, make_workdir
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import Model

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
    port = _free_port()
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


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait_for(address, server, log):
    for _ in range(600):
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.5)
    log.seek(0)
    raise AssertionError(log.read())


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
                  "--enable-unsafe-swiftshader"],
        )  # fmt: skip
        yield browser
        browser.close()


def open_page(browser, address):
    page = browser.new_page(viewport={"width": 1000, "height": 1000})
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    return page


@pytest.fixture
def page(browser, address):
    page = open_page(browser, address)
    yield page
    page.close()


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
    cells = page.locator("table:has(caption) td").all_inner_texts()
    assert len(cells) == 2 * 6 and cells[0] == "0.png" and cells[6] == "1.png"
    assert cells[2].endswith("°") and cells[4].endswith("%")
    assert page.get_by_text("What the refiner added").count() == 0
    page.get_by_label("Remove this file").first.click()
    shown(page, "from 1 picture(s)")


def test_a_picture_that_cannot_be_used_is_named(page, tmp_path):
    page.get_by_role("tab", name="Reconstruct").click()
    (tmp_path / "broken.png").write_text("no picture")
    page.locator("input[type=file]").first.set_input_files([tmp_path / "broken.png"])
    page.get_by_text("broken.png cannot be read as a picture").first.wait_for()


def test_requests_have_limits(tmp_path):
    from vaegan_jax.demo import app

    model = make_model("mv_vae_gan")
    one = [str(make_picture(tmp_path / "0.png"))]
    assert app.reconstruct(model, None) == ("", [], "", {})
    assert app.choose({}, "refined") == ("", [])
    with pytest.raises(UserError, match="13 pictures are too many; give 12"):
        app.reconstruct(model, ["a.png"] * 13)
    for seed in (-1, 0.5, None, 2**31):
        with pytest.raises(UserError, match="a seed is a whole number"):
            app.sample(model, seed, 1.0)
    with pytest.raises(UserError, match="pictures for both ends, or for neither"):
        app.interpolate(model, 0.5, 0, 1, one, None)
    with pytest.raises(UserError, match="13 pictures are too many; give 12"):
        app.interpolate(model, 0.5, 0, 1, one, one * 13)


def test_uploads_have_a_limit(page, address, tmp_path):
    page.get_by_role("tab", name="Reconstruct").click()
    (tmp_path / "large.png").write_bytes(bytes(11 * 2**20))
    page.locator("input[type=file]").first.set_input_files([tmp_path / "large.png"])
    page.get_by_text("exceed the maximum allowed size").first.wait_for()
    # Nor does the server take what another program sends.
    with open(tmp_path / "large.png", "rb") as file:
        answer = requests.post(f"{address}/gradio_api/upload", files={"files": file})
    assert answer.status_code == 413


def test_interpolation_of_samples_and_of_pictures(page, tmp_path):
    page.get_by_role("tab", name="Interpolate").click()
    page.get_by_role("button", name="Interpolate").click()
    shown(page, "at 50%")
    panel = page.locator("[role=tabpanel]:visible")
    uploads = panel.locator("input[type=file]")
    # The last one first: an upload that is full may take no more.
    for upload, name in ((uploads.last, "finish"), (uploads.first, "begin")):
        upload.set_input_files(make_picture(tmp_path / f"{name}.png"))
        panel.get_by_text(name).first.wait_for()
    page.get_by_label("Share of the way").first.fill("0.25")
    page.get_by_role("button", name="Interpolate").click()
    shown(page, "at 25%")


def test_ends_of_an_interpolation_are_the_shapes_themselves(tmp_path, monkeypatch):
    from vaegan_jax.demo import app

    model = make_model("mv_vae_gan")
    made = []
    monkeypatch.setattr(app, "_shown", lambda shape, _: made.append(shape) or ("", []))
    pictures = [[str(make_picture(tmp_path / f"{i}.png", i))] for i in range(2)]
    for share, seed, shown in ((0, 3, pictures[0]), (1, 5, pictures[1])):
        app.interpolate(model, share, 3, 5)
        app.sample(model, seed, 1)
        app.interpolate(model, share, 3, 5, *pictures)
        app.reconstruct(model, shown)
    for between, itself in zip(made[::2], made[1::2], strict=True):
        np.testing.assert_allclose(between, itself, atol=1e-5)


def test_what_the_refiner_added_is_shown_on_demand(browser, tmp_path):
    from vaegan_jax.demo import app

    server = app.build(make_model("mv_vae_gan", **REFINER))
    port = _free_port()
    server.launch(server_port=port, prevent_thread_lock=True, quiet=True)
    page = open_page(browser, f"http://127.0.0.1:{port}")
    try:
        page.get_by_role("tab", name="Reconstruct").click()
        picture = make_picture(tmp_path / "0.png")
        page.locator("input[type=file]").first.set_input_files(picture)
        shown(page, "from 1 picture(s)")
        page.get_by_label("generator alone").click()
        shown(page, "from 1 picture(s), generator alone")
        page.get_by_label("refined").click()
        alone = page.locator("iframe:visible").content_frame.get_by_text("alone")
        alone.wait_for(state="detached")
        shown(page, "from 1 picture(s)")
    finally:
        page.close()
        server.close()


def test_both_shapes_of_a_refiner_are_kept_and_chosen_from(tmp_path, monkeypatch):
    from vaegan_jax.demo import app

    shapes = []
    show = lambda shape, name: shapes.append(shape) or (name, [])  # noqa: E731
    monkeypatch.setattr(app, "_shown", show)
    pictures = [str(make_picture(tmp_path / f"{i}.png", i)) for i in range(2)]
    model = make_model("mv_vae_gan", **REFINER)
    name, *_, made = app.reconstruct(model, pictures)
    assert name == "from 2 picture(s)"
    name, *_ = app.reconstruct(model, pictures, "generator alone")
    assert name == "from 2 picture(s), generator alone"
    for choice in ("refined", "generator alone"):
        app.choose(made, choice)
    refined = model.reconstruct([pictures])[0]
    alone = model.decode(model.encode(model.fit_views(pictures)[None]))[0]
    for shape, expected in zip(shapes, [refined, alone] * 2, strict=True):
        np.testing.assert_allclose(shape, expected, atol=1e-6)
    *_, made = app.reconstruct(make_model("mv_vae_gan"), pictures)
    assert made.keys() == {"refined"}


class HeldModel(Model):
    """Samples are not ready before `release` is set; reconstructions are."""

    asked, release = threading.Event(), threading.Event()

    def generate(self, latents):
        self.asked.set()
        assert self.release.wait(PATIENCE / 1000)
        return super().generate(latents)


def test_the_page_answers_while_a_request_computes(browser, tmp_path):
    from vaegan_jax.demo import app

    model = HeldModel(**vars(make_model("mv_vae_gan")))
    server, port = app.build(model), _free_port()
    server.launch(server_port=port, prevent_thread_lock=True, quiet=True)
    page = open_page(browser, f"http://127.0.0.1:{port}")
    try:
        page.get_by_role("button", name="Sample").click()
        assert model.asked.wait(PATIENCE / 1000)
        # From here on the first request computes.
        other = open_page(browser, f"http://127.0.0.1:{port}")
        for visitor in (page, other):
            visitor.get_by_role("tab", name="Reconstruct").click()
            picture = make_picture(tmp_path / "0.png")
            visitor.locator("input[type=file]").first.set_input_files(picture)
            shown(visitor, "from 1 picture(s)")
        other.close()
        assert not model.release.is_set()
        page.get_by_role("tab", name="Sample").click()
        assert page.locator("iframe:visible").count() == 0
        model.release.set()
        shown(page, "seed 0")
    finally:
        model.release.set()
        page.close()
        server.close()
