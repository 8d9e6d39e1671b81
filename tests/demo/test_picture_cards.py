"""What the page tells of cameras; needs no browser."""

import pytest

from vaegan_jax.demo.camera_table import camera_table, side
from vaegan_jax.inference.camera_estimates import CameraEstimate
from vaegan_jax.shapes.cameras import ViewCamera


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


def test_a_table_tells_each_picture_and_escapes_its_name():
    other = ViewCamera(182.4, 10.0)
    found = [
        CameraEstimate(ViewCamera(44.6, -9.7), 0.5, 0.874, other),
        CameraEstimate(ViewCamera(90.0), 0.5),
    ]
    first, second = camera_table(["<a>.png", "b.png"], found).split("</tr>")[1:3]
    cells = [row.replace("<tr>", "").split("</td>")[:-1] for row in (first, second)]
    assert [[cell.removeprefix("<td>") for cell in row] for row in cells] == [
        ["&lt;a&gt;.png", "front right", "45°", "-10°", "87%", "back, 182°"],
        ["b.png", "right", "90°", "30°", "100%", ""],
    ]
