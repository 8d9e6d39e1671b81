"""Pictures as views of three channels: cut out and framed as the grey ones are."""

import numpy as np
import pytest
from PIL import Image

from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.parameters import sample_parameters
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.colours import luma
from vaegan_jax.shapes.pictures.cut_out import cut_out
from vaegan_jax.shapes.pictures.files import open_picture
from vaegan_jax.shapes.pictures.fitting import fit_and_tell
from vaegan_jax.shapes.pictures.framing import fit_framing
from vaegan_jax.shapes.pictures.given_views import warn_of_backgrounds
from vaegan_jax.shapes.render import render_views

SIZE = 64
TINT = np.array([0.9, 0.6, 0.3])


@pytest.fixture(scope="module")
def grey():
    """A view of a chair, 96²."""
    return render_views(build_chair(sample_parameters(3)), Camera(4), 96)[1]


def tinted(grey, background):
    """A brown chair on a background of some colour."""
    object_ = np.rint(grey[..., None] * TINT)
    return np.uint8(np.where(grey[..., None] < 255, object_, background))


def transparent(grey):
    opacity = np.uint8(255) * (grey < 255)
    return np.concatenate([tinted(grey, 255), opacity[..., None]], axis=-1)


def on_larger_sheet(grey):
    sheet = np.full((200, 150, 3), (180, 210, 240), np.uint8)
    sheet[60:156, 30:126] = tinted(grey, (180, 210, 240))
    return sheet


def on_a_gradient(grey):
    shade = np.linspace(170, 240, 96)[:, None, None] * np.array([1.0, 0.98, 0.95])
    return tinted(grey, shade)


def on_tinted_paper(grey):
    return tinted(grey, (255, 250, 245))


PICTURES = {
    "white": lambda grey: tinted(grey, 255),
    "blue": lambda grey: tinted(grey, (60, 90, 200)),
    "black": lambda grey: tinted(grey, 0),
    "negative": lambda grey: 255 - tinted(grey, 255),
    "paper": on_tinted_paper,
    "transparent": transparent,
    "gradient": on_a_gradient,
    "sheet": on_larger_sheet,
}


@pytest.mark.parametrize("kind", PICTURES)
def test_colour_is_kept_through_the_same_window(grey, kind):
    picture = PICTURES[kind](grey)
    one, three = (fit_and_tell(picture, SIZE, channels=c) for c in (1, 3))
    assert one.view.shape == (SIZE, SIZE, 1) and three.view.shape == (SIZE, SIZE, 3)
    assert (one.moved, one.notes) == (three.moved, three.notes)
    difference = np.abs(luma(three.view).astype(int) - one.view[..., 0])
    # Paper becomes white channel by channel, or in grey as a whole.
    assert difference.max() <= (8 if kind in ("paper", "gradient") else 1)
    corner = three.view[0, 0]
    assert (corner >= 254).all(), corner
    dark = luma(three.view) < 120  # of the chair, no edges
    ratio = three.view[dark] / three.view[dark][:, :1]
    expected = TINT / TINT[0]
    # A gradient divides its colours, and not every negative is seen to be one.
    if kind not in ("gradient", "negative"):
        np.testing.assert_allclose(np.median(ratio, 0), expected, atol=0.05)


@pytest.mark.parametrize("background", [255, 200, 0])
def test_a_grey_picture_gives_the_grey_view_three_times(grey, background):
    picture = np.where(grey < 255, grey, background).astype(np.uint8)
    one, three = (fit_and_tell(picture, SIZE, channels=c) for c in (1, 3))
    np.testing.assert_array_equal(three.view, np.repeat(one.view, 3, axis=-1))


def test_an_object_that_is_nearly_white_is_made_darker_in_colour():
    rng = np.random.default_rng(0)
    image = np.full((90, 90, 3), 150.0)
    image[20:70, 25:65] = (255, 240, 235) - rng.uniform(0, 10, (50, 40, 1))
    opened = open_picture(Image.fromarray(np.uint8(image)))
    one, three = cut_out(opened), cut_out(opened, channels=3)
    assert one.darkened and three.darkened
    np.testing.assert_array_equal(one.mask, three.mask)
    np.testing.assert_allclose(three.grey, one.grey, atol=25)
    middle = three.levels[45, 45]
    assert middle[0] > middle[1] >= middle[2]


def test_framing_and_backgrounds_are_told_by_grey(grey):
    rng = np.random.default_rng(0)
    views = [np.roll(grey, rng.integers(-8, 9, 2), (0, 1)) for _ in range(12)]
    colour = np.stack([tinted(view, 255) for view in views])[None]
    one, three = fit_framing(luma(colour)[..., None]), fit_framing(colour)
    np.testing.assert_array_equal(one.weights, three.weights)
    warn_of_backgrounds(colour)  # without a warning
    with pytest.warns(UserWarning, match="12 of 12 views are not on white"):
        warn_of_backgrounds(np.where(colour < 255, colour, np.uint8(90)))
