"""The demo's server: whom it keeps waiting, and what it serves without an encoder."""

import threading

from tests.demo.browsing import PATIENCE, button, give, open_page, serve, shown, tab
from tests.using import make_model, make_picture
from vaegan_jax.inference.model import Model


class HeldModel(Model):
    """Samples are not ready before `release` is set; reconstructions are."""

    asked, release = threading.Event(), threading.Event()

    def generate(self, latents):
        self.asked.set()
        assert self.release.wait(), "as long as the test goes on"
        return super().generate(latents)


def test_the_page_answers_while_a_request_computes(browser, tmp_path):
    model = HeldModel(**vars(make_model("mv_vae_gan")))
    server, address = serve(model, tmp_path / "none")
    page = open_page(browser, address)
    try:
        tab(page, "Sample")
        assert model.asked.wait(PATIENCE / 1000)
        # From here on the first request, of a wall, computes.
        tab(page, "Reconstruct")
        other = open_page(browser, address)
        for visitor in (page, other):
            give(visitor, make_picture(tmp_path / "0.png"))
            shown(visitor, "from 1 picture")
        other.close()
        assert not model.release.is_set()
        tab(page, "Sample")
        assert page.locator("iframe:visible").count() == 0
        model.release.set()
        shown(page, "sample 0 of seed 0")
    finally:
        model.release.set()
        page.close()
        server.close()


def test_a_plain_gan_samples_and_interpolates(browser, tmp_path):
    server, address = serve(make_model("gan"), tmp_path / "none")
    page = open_page(browser, address)
    try:
        shown(page, "sample 0 of seed 0")
        assert page.get_by_role("tab").all_inner_texts() == ["Sample", "Interpolate"]
        for name in ("start", "end"):
            button(page, f"Take as {name}").click()
            page.wait_for_timeout(500)
        shown(page, "55% of the way")
    finally:
        page.close()
        server.close()
