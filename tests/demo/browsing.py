"""The demo's page in a browser: started, found its way around in, and looked at."""

import shutil
import socket
import time
import urllib.request

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
if CHROMIUM is None:
    pytest.skip("there is no Chromium", allow_module_level=True)
pytest.importorskip("gradio", reason="the extra `demo` is not installed")
playwright = pytest.importorskip("playwright.sync_api")

PATIENCE = 90_000  # milliseconds
DESK, PHONE = (1240, 900), (390, 844)


def free_port():
    """A port of this machine that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(address, server, log):
    """Returns when a page answers, or fails with what its server said."""
    for _ in range(600):
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.5)
    log.seek(0)
    raise AssertionError(log.read())


def serve(model, examples):
    """The page in this process, and its address."""
    from vaegan_jax.demo import app

    page, port = app.build(model, examples), free_port()
    app.serve(page, "127.0.0.1", port, prevent_thread_lock=True, quiet=True)
    return page, f"http://127.0.0.1:{port}"


def open_page(browser, address, size=DESK):
    page = browser.new_page(viewport=dict(zip(("width", "height"), size, strict=True)))
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    return page


def tab(page, name):
    page.get_by_role("tab", name=name).click()


def button(page, name):
    """In the open tab."""
    return page.get_by_role("button", name=name, exact=True).locator("visible=true")


def tile(page, number):
    """Of the pictures to click in the open tab, of which one is large."""
    return page.locator(".tiles:visible").get_by_role("button").nth(number)


def give(page, *files):
    page.locator("input[type=file]").first.set_input_files(files)


def shown(page, caption):
    """Waits until the frame in the open tab has drawn a shape of this caption."""
    frame = page.locator("iframe:visible").content_frame
    frame.get_by_text(caption, exact=True).wait_for()
    frame.locator("html[data-drawn='1']").wait_for(state="attached")


def look(page, path):
    """Takes a picture; nothing scrolls sideways, no shape is small or has a hole below.

    Args:
      page: in some state.
      path: of the PNG file.
    """
    page.screenshot(path=path, full_page=True)
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if page.locator("iframe:visible").count() == 0:
        return
    frame = page.locator("iframe:visible").bounding_box()
    canvas = page.locator("iframe:visible").content_frame.locator("canvas")
    drawn = canvas.bounding_box()
    assert drawn["width"] > 0.8 * frame["width"] > 0.35 * width
    below = button(page, "Save .stl").bounding_box()["y"]
    assert 0 < below - frame["y"] - frame["height"] < 70
    inside = page.locator("iframe:visible").content_frame.locator("html")
    assert (
        inside.evaluate("x => x.scrollWidth <= innerWidth && x.scrollHeight - 1")
        <= (frame["height"])
    )
