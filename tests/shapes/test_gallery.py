"""The page is whole, and a real browser draws its shapes and turns them."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from vaegan_jax.shapes.gallery import write_gallery
from vaegan_jax.shapes.meshes import boxes_mesh, voxels_to_mesh

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


@pytest.fixture
def page(tmp_path, corner_grid):
    noise = np.random.default_rng(0).random((24, 24, 24))  # over 2¹⁶ vertices
    meshes = {
        "a <chair> & </script>": voxels_to_mesh(corner_grid),
        "empty": None,
        "boxes": boxes_mesh(corner_grid),
        "noise": boxes_mesh(np.random.default_rng(0).random((48,) * 3) < 0.4),
        "smooth": voxels_to_mesh(noise, 0.9),
    }
    assert len(meshes["noise"].vertices) > 2**16
    write_gallery(tmp_path / "gallery.html", meshes, "Shapes & <more>", "A note.")
    return tmp_path / "gallery.html"


def test_the_page_needs_nothing_else(page):
    text = page.read_text("utf-8")
    assert "Shapes &amp; &lt;more&gt;" in text and "A note." in text
    assert not re.search(r"https?:|//cdn|\bsrc=|\bimport\b|\bfetch\(|\$[a-z]+\b", text)
    assert text.count("</script>") == 2
    data = re.search(r'id="shapes">(.*?)</script>', text, re.DOTALL).group(1)
    shapes = json.loads(data)
    assert [shape["name"] for shape in shapes][:2] == ["a <chair> & </script>", "empty"]
    assert [shape["wide"] for shape in shapes] == [False, False, False, True, False]


def open_in_browser(page, milliseconds, *flags):
    return subprocess.run(
        [
            *(CHROMIUM, "--headless=new", "--no-sandbox", "--hide-scrollbars"),
            *("--use-gl=angle", "--use-angle=swiftshader"),
            *("--enable-unsafe-swiftshader", f"--user-data-dir={page.parent / 'user'}"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=760,620"),
            *(f"--virtual-time-budget={milliseconds}", *flags, page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )


@needs_browser
def test_a_browser_draws_all_shapes(page):
    """`data-drawn` counts the shapes of a frame, `data-problem` tells why not."""
    made = open_in_browser(page, 1000, "--dump-dom")
    assert 'data-drawn="5"' in made.stdout, made.stdout[:300] + made.stderr[-2000:]
    assert "data-problem" not in made.stdout.split("<script")[0]
    assert "empty (empty)" in made.stdout


@needs_browser
def test_shapes_are_seen_and_turn(page):
    def picture(milliseconds):
        path = page.parent / f"{milliseconds}.png"
        made = open_in_browser(page, milliseconds, f"--screenshot={path}")
        assert path.exists(), made.stderr[-2000:]
        return np.asarray(Image.open(path).convert("RGB")).astype(int)

    early, late = picture(400), picture(2400)
    # Three cards in a row; the second holds the empty shape.
    cards = [slice(30, 230), slice(280, 480), slice(530, 730)]
    drawn = [(np.ptp(early[70:250, c], axis=-1) > 40).mean() for c in cards]
    assert drawn[0] > 0.015 and drawn[2] > 0.015 and drawn[1] == 0
    changed = [(abs(early - late)[70:250, c].max(-1) > 40).mean() for c in cards]
    assert changed[0] > 0.01 and changed[2] > 0.01 and changed[1] == 0


def alone(tmp_path, mesh):
    """A page with one shape, as a browser draws it."""
    write_gallery(tmp_path / "gallery.html", {"one": mesh}, "")
    path = tmp_path / "one.png"
    made = open_in_browser(tmp_path / "gallery.html", 400, f"--screenshot={path}")
    assert path.exists(), made.stderr[-2000:]
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


@needs_browser
def test_a_single_shape_is_large_and_has_its_own_colours(tmp_path, corner_grid):
    mesh = boxes_mesh(corner_grid)
    drawn = np.argwhere(np.ptp(alone(tmp_path, mesh)[60:], axis=-1) > 40)
    assert np.ptp(drawn, axis=0).max() > 250  # of 620
    mesh.visual.vertex_colors = (0, 200, 0, 255)
    red, green, blue = np.moveaxis(alone(tmp_path, mesh)[60:], -1, 0)
    assert (green - np.maximum(red, blue) > 40).mean() > 0.01


@needs_browser
def test_without_webgl_the_page_says_so(page):
    made = open_in_browser(page, 500, "--dump-dom", "--disable-3d-apis")
    assert "This browser has no WebGL 2" in made.stdout.split("<main>")[0]
