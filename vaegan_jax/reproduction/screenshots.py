"""What a browser shows of the gallery and of the demo, as pictures."""

import contextlib
import importlib.util
import pathlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

from PIL import Image

from vaegan_jax.errors import UserError
from vaegan_jax.reproduction.commands import Step

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    *("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"),
    "--enable-unsafe-swiftshader",  # draws without a GPU
)
_PATIENCE = 600.0  # seconds, for the demo to start, and for each thing that it shows
_DEMO = {"width": 1240, "height": 900}  # the window, pixels
_GALLERY = {"width": 1000, "height": 620}
_DRAWN = "html[data-drawn]:not([data-drawn='0'])"  # which counts shapes
_SCALE = 0.75  # of a picture, beside what is on the screen


class Missing(Exception):
    """What a picture wants and this machine, or who calls, does not have."""


def require_browser() -> str:
    """The path of Chromium.

    Raises:
      Missing: it is not here, or what drives it.
    """
    if importlib.util.find_spec("playwright") is None:
        raise Missing("Playwright: pip install -e '.[browser]'")
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise Missing("Chromium: apt-get install chromium")
    return found


def of_gallery(page: pathlib.Path, output: pathlib.Path) -> pathlib.Path:
    """What is seen of a `gallery.html`; see `require_browser`. Returns `output`."""
    with _opened(page.resolve().as_uri(), _GALLERY) as shown:
        shown.locator(_DRAWN).wait_for(state="attached")
        return _shoot(shown, output)


def of_demo(output: pathlib.Path) -> pathlib.Path:
    """The demo's page after a click on its second example. Returns `output`.

    Raises:
      Missing: there is no browser, or no gradio.
      UserError: the demo ended, or did not start.
    """
    require_browser()
    if importlib.util.find_spec("gradio") is None:
        raise Missing("gradio: pip install -e '.[demo]'")
    with _demo() as address, _opened(address, _DEMO) as page:
        page.locator(".tiles:visible").get_by_role("button").nth(1).click()
        frame = page.locator("iframe:visible").content_frame
        frame.get_by_text("from 1 picture", exact=True).wait_for()
        frame.locator(_DRAWN).wait_for(state="attached")
        return _shoot(page, output)


def _shoot(page, output: pathlib.Path) -> pathlib.Path:
    """The whole page, a little smaller."""
    page.screenshot(path=output, full_page=True)
    picture = Image.open(output)
    size = [round(side * _SCALE) for side in picture.size]
    picture.resize(size, Image.Resampling.LANCZOS).save(output)
    return output


@contextlib.contextmanager
def _opened(address: str, size: dict[str, int]) -> Iterator:
    """A page in Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=require_browser(), args=list(_FLAGS)
        )
        page = browser.new_page(viewport=size)
        page.set_default_timeout(_PATIENCE * 1000)
        page.goto(address)
        yield page
        browser.close()


@contextlib.contextmanager
def _demo() -> Iterator[str]:
    """The address of `scripts/demo.py`, while it runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(Step("demo", "demo", (f"--port={port}",), "").argv())
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen, port: int) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 5).close()
            return
        time.sleep(0.5)
    raise UserError("the demo did not start; see what it says above")
