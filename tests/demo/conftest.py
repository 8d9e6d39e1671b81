"""A browser for the tests of pages."""

import pytest


@pytest.fixture(scope="module")
def browser():
    # What it needs is not always installed: then the tests that take it are skipped.
    from tests.demo.browsing import CHROMIUM, playwright

    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
                  "--enable-unsafe-swiftshader"],
        )  # fmt: skip
        yield browser
        browser.close()
