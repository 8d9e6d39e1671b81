"""The web demo, driven end to end in a real browser, and looked at in each state.

Pictures of it lie in pytest's temporary folder, see `look`.
"""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
import requests
import trimesh
from PIL import Image

from tests.demo.browsing import (
    PHONE,
    button,
    free_port,
    give,
    look,
    open_page,
    serve,
    shown,
    tab,
    tile,
    wait_for,
)
from tests.helpers import REFINER, ROOT
from tests.using import make_model, make_picture, make_workdir
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import Model
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.render import render_from


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Of a running demo, of a model without a refiner."""
    workdir = make_workdir(tmp_path_factory.mktemp("run"), "mv_vae_gan")
    port = free_port()
    log = open(tmp_path_factory.mktemp("log") / "demo.log", "w+")  # noqa: SIM115
    command = ["scripts/demo.py", f"--workdir={workdir}", f"--port={port}"]
    server = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=os.environ, stdout=log, stderr=log
    )
    try:
        wait_for(f"http://127.0.0.1:{port}", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)
        log.close()


class ChairModel(Model):
    """Whatever it sees is a chair, to which its refiner adds the back."""

    def reconstruct_fitted(self, *arguments, **options):
        made = super().reconstruct_fitted(*arguments, **options)
        shape = np.zeros((8, 8, 8), np.float32)
        shape[1:7, 1:7, 3] = 1
        shape[1:7:5, 1:7:5, :3] = 1
        before = shape.copy()
        shape[1:7, 6, 4:8] = 1
        before[3:5, 3:5, :3] = 1  # and takes away a foot
        return made._replace(shape=shape, of_generator=before)


@pytest.fixture(scope="module")
def refined_address(tmp_path_factory):
    """Of a model with a refiner, with examples: an armless chair, seen from two sides.

    By their names the first two are of other objects, and the last two of one.
    """
    parts = [((1, 1, 0.2), (0, 0, 0)), ((1, 0.2, 1.2), (0, 0.4, 0.6))]
    boxes = [
        trimesh.creation.box(size, trimesh.transformations.translation_matrix(place))
        for size, place in parts
    ]
    cameras = [ViewCamera(azimuth) for azimuth in (30.0, 300.0)]
    folder = tmp_path_factory.mktemp("examples")
    views = render_from(trimesh.util.concatenate(boxes), cameras, 120)
    for i, name in enumerate(("first", "second", "third_1", "third_2")):
        Image.fromarray(views[i % 2]).save(folder / f"{name}.png")
    model = ChairModel(**vars(make_model("mv_vae_gan", **REFINER)))
    page, address = serve(model, folder)
    yield address
    page.close()


@pytest.fixture
def page(browser, address):
    page = open_page(browser, address)
    yield page
    page.close()


@pytest.fixture
def refined(browser, refined_address):
    page = open_page(browser, refined_address)
    yield page
    page.close()


def test_it_opens_with_examples_and_a_click_reconstructs_one(refined, tmp_path):
    refined.get_by_text("its shape turns here").wait_for()
    tile(refined, 1).locator("img").wait_for()
    assert refined.locator(".examples img").count() == 4
    look(refined, tmp_path / "opened.png")
    tile(refined, 1).click()
    shown(refined, "from 1 picture")
    look(refined, tmp_path / "reconstructed.png")
    card = refined.locator("article")
    assert card.locator("img").count() == 2 and "second.png" in card.inner_text()
    tile(refined, 0).click()
    refined.get_by_text("first.png").wait_for()
    assert refined.locator("article").count() == 1


def test_clicked_examples_of_one_object_are_reconstructed_together(refined):
    for index, told in ((2, "from 1 picture"), (3, "from 2 pictures")):
        tile(refined, index).click()
        shown(refined, told)
    names = refined.locator("article").all_inner_texts()
    assert "third_1.png" in names[0] and "third_2.png" in names[1]


def test_shapes_fill_their_frame_and_turn(refined, tmp_path):
    tile(refined, 0).click()
    shown(refined, "from 1 picture")
    canvas = refined.locator("iframe:visible").content_frame.locator("canvas")
    pictures = []
    for name in ("before.png", "after.png"):
        canvas.screenshot(path=tmp_path / name)
        pictures.append(np.asarray(Image.open(tmp_path / name).convert("L"), int))
        time.sleep(1)
    assert abs(pictures[0] - pictures[1]).max() > 50
    inked = np.argwhere(pictures[0] < 200)
    assert np.ptp(inked, axis=0).max() > 0.45 * len(pictures[0])


def test_what_the_refiner_changed_is_shown_at_a_click(refined, tmp_path):
    tile(refined, 0).click()
    shown(refined, "from 1 picture")
    refined.get_by_label("generator alone").click()
    shown(refined, "from 1 picture, generator alone")
    refined.get_by_label("difference").click()
    shown(refined, "from 1 picture, difference")
    told = refined.locator(".legend").inner_text().split()
    assert " ".join(told) == "Voxels: 48 kept 24 added 12 taken away"
    look(refined, tmp_path / "difference.png")
    refined.get_by_label("refined").click()
    refined.locator(".legend").wait_for(state="detached")
    shown(refined, "from 1 picture")


def test_a_camera_is_corrected_by_hand(refined, tmp_path):
    tile(refined, 0).click()
    card = refined.locator("article")
    card.get_by_label("azimuth").fill("200")
    card.get_by_label("azimuth").press("Tab")
    card.get_by_text("as given").wait_for()
    assert "from the back, " in card.inner_text()
    shown(refined, "from 1 picture")
    look(refined, tmp_path / "corrected.png")
    card.get_by_text("estimate it").click()
    card.get_by_text("sure; or else from").wait_for()
    card.get_by_label("elevation").fill("95")
    card.get_by_label("elevation").press("Enter")
    refined.get_by_text("give an angle between −90 and 90").first.wait_for()


def test_a_wall_of_samples_of_which_one_is_opened_and_saved(page, tmp_path):
    tab(page, "Sample")
    shown(page, "sample 0 of seed 0")
    assert page.locator(".wall:visible img").count() == 12
    look(page, tmp_path / "wall.png")
    page.get_by_label("Seed").first.fill("5")
    button(page, "Sample").click()
    shown(page, "sample 0 of seed 5")
    tile(page, 7).click()
    shown(page, "sample 7 of seed 5")
    look(page, tmp_path / "sample.png")
    with page.expect_download() as download:
        button(page, "Save .stl").click()
    download.value.save_as(tmp_path / "shape.stl")
    assert trimesh.load(tmp_path / "shape.stl").is_watertight
    button(page, "Next seed").click()
    shown(page, "sample 0 of seed 6")


def test_the_way_between_two_samples(page, tmp_path):
    tab(page, "Sample")
    shown(page, "sample 0 of seed 0")
    button(page, "Take as start").click()
    page.get_by_text("The start is sample 0 of seed 0.").first.wait_for()
    tile(page, 4).click()
    shown(page, "sample 4 of seed 0")
    button(page, "Take as end").click()
    shown(page, "55% of the way")
    page.get_by_text("From sample 0 of seed 0 to sample 4 of seed 0.").wait_for()
    look(page, tmp_path / "interpolation.png")
    for number, caption in ((0, "sample 0 of seed 0"), (11, "sample 4 of seed 0")):
        tile(page, number).click()
        shown(page, caption)
    button(page, "Between two samples").click()
    shown(page, "55% of the way")


def test_a_way_does_not_mix_samples_and_pictures(page, tmp_path):
    give(page, make_picture(tmp_path / "0.png"))
    shown(page, "from 1 picture")
    button(page, "Take as start").click()
    told = "The start is 1 picture. Take the end, of pictures too."
    page.get_by_text(told).first.wait_for()
    tab(page, "Sample")
    shown(page, "sample 0 of seed 0")
    button(page, "Take as end").click()
    told = "The end is sample 0 of seed 0. Take the start, a sample too."
    page.get_by_text(told).first.wait_for()
    tab(page, "Reconstruct")
    for name in ("start", "end"):
        button(page, f"Take as {name}").click()
    shown(page, "55% of the way")
    page.get_by_text("What lies between is the generator's alone.").wait_for()


def test_pictures_are_added_and_removed(page, tmp_path):
    # Without a folder of examples nothing is said of them.
    give(page, *(make_picture(tmp_path / f"{i}.png", i) for i in range(2)))
    shown(page, "from 2 pictures")
    give(page, make_picture(tmp_path / "2.png", 2))
    shown(page, "from 3 pictures")
    cards = page.locator("article").all_inner_texts()
    assert ["0.png" in cards[0], "1.png" in cards[1], "2.png" in cards[2]] == [True] * 3
    assert all("azimuth" in card and "% sure" in card for card in cards)
    assert not page.get_by_label("difference").is_visible()
    look(page, tmp_path / "three.png")
    for left in ("from 2 pictures", "from 1 picture"):
        page.get_by_title("Remove").first.click()
        shown(page, left)
    assert "2.png" in page.locator("article").inner_text()
    page.get_by_title("Remove").click()
    page.get_by_text("its shape turns here").wait_for()
    assert not button(page, "Save .stl").is_visible()


def test_a_picture_that_cannot_be_used_is_named_and_the_page_goes_on(page, tmp_path):
    (tmp_path / "broken.png").write_text("no picture")
    good = make_picture(tmp_path / "good.png")
    give(page, tmp_path / "broken.png")
    page.get_by_text("broken.png cannot be read as a picture").first.wait_for()
    look(page, tmp_path / "error.png")
    give(page, good)
    shown(page, "from 1 picture")
    give(page, tmp_path / "broken.png")
    page.get_by_text("broken.png cannot be read as a picture").first.wait_for()
    assert page.locator("article").count() == 1
    tab(page, "Sample")
    page.get_by_label("Seed").first.fill("")
    button(page, "Sample").click()
    page.get_by_text("a seed is a whole number").first.wait_for()


def test_uploads_have_a_limit(page, address, tmp_path):
    (tmp_path / "large.png").write_bytes(bytes(11 * 2**20))
    give(page, tmp_path / "large.png")
    page.get_by_text("exceed the maximum allowed size").first.wait_for()
    # Nor does the server take what another program sends.
    with open(tmp_path / "large.png", "rb") as file:
        answer = requests.post(f"{address}/gradio_api/upload", files={"files": file})
    assert answer.status_code == 413


def test_a_phone_shows_it_all_and_asks_nobody_else(browser, refined_address, tmp_path):
    page = open_page(browser, "about:blank", PHONE)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(refined_address)
    try:
        tile(page, 0).locator("img").wait_for()
        look(page, tmp_path / "phone_opened.png")
        tile(page, 0).click()
        shown(page, "from 1 picture")
        look(page, tmp_path / "phone_reconstructed.png")
        tab(page, "Sample")
        shown(page, "sample 0 of seed 0")
        look(page, tmp_path / "phone_wall.png")
        tab(page, "Interpolate")
        button(page, "Between two samples").click()
        shown(page, "55% of the way")
        look(page, tmp_path / "phone_interpolation.png")
    finally:
        page.close()
    ours = (refined_address, "about:", "data:", "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []


def test_no_shape_can_be_taken_before_one_is_open():
    from vaegan_jax.demo.shape_wall import ShapeWall

    with pytest.raises(UserError, match="no shape is open yet"):
        ShapeWall.latent([], 0)
