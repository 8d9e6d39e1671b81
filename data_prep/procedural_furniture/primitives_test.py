"""Every piece is closed, faces outwards and has the volume it should."""

import numpy as np
import pytest

from data_prep.procedural_furniture import primitives as p

STRAIGHT = np.array([(0.0, 0), (0, 1), (0, 2)])
QUARTER = p.arc((0, 0), 1.0, 0, 90, 65)
RING = np.array([(0.9, 0), (1.1, 0), (1.1, 0.5), (0.9, 0.5)])


@pytest.mark.parametrize(
    "mesh, volume, rel",
    [
        (p.turned((0, 0, 0), (0, 0, 3), [(0, 2), (1, 2)]), 3 * np.pi, 0.05),
        (p.turned((0, 0, 0), (0, 0, 3), [(0, 2), (1, 0.001)]), np.pi, 0.05),
        (p.bent(STRAIGHT, 0.1, -1, 2), 0.6, 1e-6),
        (p.bent(QUARTER, 0.1, 0, 1), np.pi / 4 * (1 - 0.9**2), 0.01),
        (p.bent(QUARTER, 0.1, 0, 1, axis=2), np.pi / 4 * (1 - 0.9**2), 0.01),
        (p.bent(STRAIGHT, 0.1, 0, [1, 2, 1], axis=1), 0.3, 1e-6),
        (p.cushion((0, 0, 0), (1, 2, 3), 0.0), 6, 1e-6),
        (p.cushion((0, 0, 0), (2, 2, 2), 0.3), 7.5, 0.03),
        (p.shell(RING), np.pi * (1.1**2 - 0.9**2) * 0.5, 0.02),
        (p.wheel((1, 2, 3), 0.5, 0.2, (1, 1, 0)), np.pi * 0.25 * 0.2, 0.05),
    ],
)
def test_volume(mesh, volume, rel):
    assert mesh.is_watertight and mesh.is_winding_consistent
    assert mesh.volume == pytest.approx(volume, rel=rel)


def test_a_cushion_fills_its_box():
    low, high = (-1, 0, 2), (1, 3, 2.5)
    for radius in (0.0, 0.1, 9.0):
        bounds = p.cushion(low, high, radius).bounds
        np.testing.assert_allclose(bounds, [low, high], atol=1e-9)


@pytest.mark.parametrize(
    "axis, order", [(0, [0, 1, 2]), (1, [2, 0, 1]), (2, [1, 2, 0])]
)
def test_panels_are_bent_in_the_plane_they_should_be(axis, order):
    panel = p.bent(STRAIGHT, 0.1, 5, 6, axis)
    expected = np.array([(5, -0.1, 0), (6, 0, 2)])[:, order]
    np.testing.assert_allclose(panel.bounds, expected, atol=1e-9)


def test_slats_and_frames_end_with_their_box():
    boxes = list(p.slats((0, 0, 0), (1, 2, 3), 4, 0.5, axis=1))
    assert sum(b.volume for b in boxes) == pytest.approx(3)
    bounds = [b.bounds[:, 1] for b in boxes]
    assert bounds[0][0] == 0 and bounds[-1][1] == pytest.approx(2)
    assert (np.diff(np.array(bounds)[:, 0]) > 0.5).all()
    ends = [bar.bounds for bar in p.frame((0, 0, 0), (1, 2, 3), 0.2)]
    np.testing.assert_allclose(np.min(ends, axis=(0, 1)), (0, 0, 0))
    np.testing.assert_allclose(np.max(ends, axis=(0, 1)), (1, 2, 3))


def test_pieces_are_tilted_backwards_then_turned_then_moved():
    front = p.placed([p.box((0, 0, 0), (1, 1, 2))], (0, 0, 5), tilt=90)
    np.testing.assert_allclose(next(front).bounds, [(0, 0, 4), (1, 2, 5)], atol=1e-9)
    turned = p.placed([p.box((0, 0, 0), (1, 1, 2))], turn=90, tilt=90)
    np.testing.assert_allclose(next(turned).bounds, [(-2, 0, -1), (0, 1, 0)], atol=1e-9)


def test_bowls_are_closed_bands_that_rise_where_they_are_lifted():
    angles, lifts = np.array([-90.0, 0, 90, 180, 270]), np.array([1, 2, 3, 2, 1])
    profile = np.array([(0.1, 0), (0.5, 0.1), (1, 0.5)])
    bands = list(p.bowl(profile, angles, lifts, 0.05, low=2))
    assert len(bands) == 2
    assert all(b.is_watertight and b.is_winding_consistent for b in bands)
    x, y, z = bands[1].vertices.T
    assert z[np.isclose(x, 0) & np.isclose(y, 1)].max() == pytest.approx(3.5)
    assert z[np.isclose(x, 0) & np.isclose(y, -1)].max() == pytest.approx(2.5)
