"""Odd pictures of an object give the view that a plain one gives, or a reason."""

import io

import numpy as np
import pytest
import scipy.ndimage
from PIL import Image

from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.meshes import boxes_mesh
from vaegan_jax.shapes.pictures.fitting import fit_and_tell, fit_picture
from vaegan_jax.shapes.render import render_views

SIZE = 64


@pytest.fixture(scope="module")
def view() -> np.ndarray:
    """A table as in training, (256, 256)."""
    grid = np.zeros((16, 16, 16), bool)
    grid[2:14, 3:13, 10:12] = True
    for x, y in ((2, 3), (12, 3), (2, 11), (12, 11)):
        grid[x : x + 2, y : y + 2, 2:10] = True
    return render_views(boxes_mesh(grid), Camera(num_views=5), 256)[1]


def test_views_of_training_are_but_resized(view):
    """To the bit, and nothing is noted."""
    slant = np.broadcast_to(np.eye(8, dtype=bool)[:, None], (8, 8, 8))
    grids = [np.ones((8, 8, 8), bool), slant]
    views = [view[None]] + [render_views(boxes_mesh(g), Camera(4), 256) for g in grids]
    for one in np.concatenate(views):
        means = np.asarray(
            Image.fromarray(one).resize((SIZE, SIZE), Image.Resampling.BOX)
        )
        for given in (
            one,
            np.dstack([one] * 3),
            rgba(one, np.where(one < 255, 255, 0)),
        ):
            fitted = fit_and_tell(given, SIZE)
            np.testing.assert_array_equal(fitted.view[..., 0], means)
            assert fitted.notes == ()


def likeness(fitted, view) -> float:
    """IoU of the outlines, and 0 if the shading differs."""
    plain = fit_picture(view, SIZE)
    seen, true = (v[..., 0] < 243 for v in (fitted, plain))
    both = seen & true
    difference = np.abs(fitted[both].astype(int) - plain[both]).mean()
    return both.sum() / (seen | true).sum() if difference < 12 else 0.0


def rgba(view, opacity):
    return np.dstack([view, view, view, np.broadcast_to(opacity, view.shape)]).astype(
        np.uint8
    )


def disc(size, radius):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.hypot(y, x) <= radius


def rounded_corners(view):
    return rgba(view, 255 * disc(256, 170))


def cropped_to_a_circle(view):
    return rgba(view, 255 * disc(256, 127))


def screenshot(view):
    """A window with a soft shadow, on nothing."""
    opacity = np.zeros((340, 340))
    opacity[42:298, 42:298] = 255
    shadow = np.roll(scipy.ndimage.gaussian_filter(opacity, 12), 8, 0) * 0.5
    picture = np.zeros((340, 340), np.uint8)
    picture[42:298, 42:298] = view
    return rgba(picture, np.maximum(opacity, shadow))


def hardly_transparent(view):
    return rgba(view, np.where(np.indices(view.shape).sum(0) % 7, 255, 254))


def evenly_transparent(view):
    return rgba(view, 140)


def faint(view):
    """Cut out, but nowhere opaque."""
    return rgba(view, np.where(view < 255, 110, 0))


def with_its_shade(view):
    """Cut out, with a soft black shade below the object."""
    shade = 110 * (np.indices(view.shape)[0] > 150) * (view == 255) * disc(256, 110)
    return rgba(np.where(view < 255, view, 0), np.where(view < 255, 255, shade))


def framed(view):
    picture = view.copy()
    for edge in (np.s_[:2], np.s_[-2:], np.s_[:, :2], np.s_[:, -2:]):
        picture[edge] = 0
    return picture


def letterboxed(view):
    return np.pad(view, ((40, 40), (0, 0)))


def on_black(view):
    return np.where(view >= 254, 0, view).astype(np.uint8)


def negative(view):
    return 255 - view


def negative_jpeg(view):
    file = io.BytesIO()
    Image.fromarray(255 - view).save(file, "JPEG", quality=80)
    return Image.open(file)


def vignette(view):
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    return (view * (0.95 - 0.16 * (x * x + y * y))).astype(np.uint8)


def shaded(view):
    """Grey paper, darker towards one corner, with noise."""
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    noise = np.random.default_rng(0).normal(0, 4, view.shape)
    return np.clip(view * (0.85 + 0.06 * (x + y)) + noise, 0, 255).astype(np.uint8)


def hot_pixels(view):
    """Single pixels of another colour, on the border too."""
    picture = view.copy()
    picture[::50, ::37] = 0
    return picture


SAME = (
    *(rounded_corners, cropped_to_a_circle, screenshot, hardly_transparent, faint),
    *(evenly_transparent, with_its_shade, framed, letterboxed, on_black, negative),
    *(negative_jpeg, vignette, shaded, hot_pixels),
)


@pytest.mark.parametrize("change", SAME, ids=lambda change: change.__name__)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_odd_pictures_look_as_the_plain_one(view, change):
    fitted = fit_and_tell(change(view), SIZE)
    assert likeness(fitted.view, view) >= 0.9, fitted.notes
