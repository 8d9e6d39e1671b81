"""Every piece is closed, faces outwards and has the volume it should."""

import numpy as np
import pytest

from data_prep.procedural_chairs import parts

SQUARE = parts.outline("square", 2.0, 1.0)


@pytest.mark.parametrize(
    "mesh, volume",
    [
        (parts.box((0, 0, 0), (1, 2, 3)), 6.0),
        (parts.beam((0, 0, 0), (0, 0, 2), 0.5), 0.5),
        (parts.beam((0, 0, 0), (1, 2, 2), 0.5), 0.75),
        (parts.beam((0, 0, 0), (0, 3, 0), 1.0, 0.0001), 1.0),
        (parts.beam((0, 0, 0), (0, 0, 1), 2.0, sides=64), np.pi),
        (parts.tube([(0, 0, 1), (0, 0, 0), (0, 4, 0)], [0.1] * 3, sides=4), 0.05),
        (parts.plate(SQUARE, 1.0, 1.5), 1.0),
        (parts.plate(SQUARE, 1.0, 1.5, rounding=0.05), 0.98),
        (parts.curved_panel(1.0, 1.0, 0.1, 0.2), 0.1),
    ],
)
def test_volume(mesh, volume):
    assert mesh.is_watertight and mesh.is_winding_consistent
    assert mesh.volume == pytest.approx(volume, rel=0.02)


def test_outlines_fill_their_width_and_depth():
    for shape in ("square", "trapezoid", "rounded", "round"):
        outline = parts.outline(shape, 0.6, 0.4)
        np.testing.assert_allclose(np.ptp(outline, axis=0), [0.6, 0.4], rtol=0.02)
    with pytest.raises(ValueError, match="'oval'"):
        parts.outline("oval", 1, 1)


def test_curved_panels_come_forward_at_the_sides_and_drop_at_the_corners():
    x, y, z = parts.curved_panel(1.0, 2.0, 0.1, 0.3, round_top=0.5).vertices.T
    assert y[np.isclose(x, 0.5)].min() == pytest.approx(-0.3)
    assert y[np.isclose(x, 0)].min() == pytest.approx(0)
    assert z[np.isclose(x, 0.5)].max() == pytest.approx(1.0)
    assert z.max() == pytest.approx(2.0)
