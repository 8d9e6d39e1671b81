"""What the page tells of pictures and cameras; needs no browser."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from vaegan_jax.demo.picture_cards import height, picture_cards, side
from vaegan_jax.inference.camera_estimates import CameraEstimate
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.pictures.fitting import FittedPicture


@pytest.mark.parametrize(
    "azimuth, words",
    [
        *((0, "front"), (22, "front"), (23, "front right"), (90, "right")),
        *((180, "back"), (225, "back left"), (270, "left"), (337, "front left")),
        *((338, "front"), (359.9, "front"), (-90, "left")),
    ],
)
def test_sides_are_those_of_azimuths(azimuth, words):
    assert side(ViewCamera(float(azimuth))) == words


@pytest.mark.parametrize(
    "elevation, words",
    [
        *((0, "level"), (-7, "level"), (30, "from above"), (-20, "from below")),
        *((70, "steeply from above"), (-60, "steeply from below")),
    ],
)
def test_heights_are_those_of_elevations(elevation, words):
    assert height(ViewCamera(0.0, float(elevation))) == words


@pytest.fixture
def fitted():
    view = np.full((16, 16, 1), 255, np.uint8)
    view[4:12, 6:10] = 30
    given = Image.new("RGB", (400, 200), (10, 200, 30))
    return [
        FittedPicture(view, given, "uploads/<a>.png", ("it is <dark>",)),
        FittedPicture(view, given, "uploads/b.png", ()),
    ]


OTHER = ViewCamera(-177.6, 10.0)
FOUND = [
    CameraEstimate(ViewCamera(44.6, -9.7), 0.5, 0.874, OTHER),
    CameraEstimate(ViewCamera(90.0), 0.5),
]


def cards(fitted, correctable):
    return picture_cards(fitted, FOUND, correctable).split("<article ")[1:]


def text(card):
    return " ".join(re.sub("<[^>]*>", " ", card).split())


def test_cards_tell_each_picture_and_escape_its_name(fitted):
    first, second = cards(fitted, correctable=False)
    assert "&lt;a&gt;.png" in first and "<a>" not in first and "uploads" not in first
    assert "it is &lt;dark&gt;" in first and "it is" not in second
    assert "from the front right , from below" in text(first)
    assert "azimuth 45°, elevation -10°" in text(first)
    assert "87% sure; or else from the back, 182°" in text(first)
    assert "azimuth 90°, elevation 30°" in text(second)
    assert "sure" not in second and "as given" in second
    assert "<input" not in first + second


def test_cards_show_the_picture_beside_what_the_model_sees(fitted):
    sources = re.findall('src="data:image/png;base64,([^"]*)"', cards(fitted, False)[0])
    given, seen = (Image.open(io.BytesIO(base64.b64decode(s))) for s in sources)
    assert given.size == (192, 96) and given.getpixel((9, 9))[:3] == (10, 200, 30)
    np.testing.assert_array_equal(np.asarray(seen), fitted[0].view[..., 0])


def test_cameras_can_be_corrected(fitted):
    first, second = cards(fitted, correctable=True)
    assert re.findall('name="(.*?)" type="number" value="(.*?)"', first) == [
        ("azimuth", "45"),
        ("elevation", "-10"),
    ]
    assert 'data-azimuth="-177.6" data-elevation="10.0">back, 182°<' in first
    assert 'data-action="estimate"' in second and 'data-action="estimate"' not in first


def test_the_drawing_has_the_camera_where_it_is(fitted):
    eyes = re.findall('class="eye" cx="(.*?)" cy="(.*?)"', cards(fitted, False)[1])
    # From the right as seen from above, front down; and half as high as far.
    assert eyes == [("54.0", "30.0"), ("99.4", "13.0")]
