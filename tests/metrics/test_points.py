import numpy as np
import pytest
from scipy.spatial.distance import cdist

from vaegan_jax.metrics import points


def block(*slices, side=8):
    """A grid with one filled box."""
    grid = np.zeros((side,) * 3, bool)
    grid[tuple(slice(*s) for s in slices)] = True
    return grid


def test_area_of_a_box_by_hand():
    area = points.surface_area(block((1, 4), (2, 4), (0, 8)))
    assert area.sum() == 2 * (3 * 2 + 3 * 8 + 2 * 8)
    assert area[2, 2, 0] == 2 and area[1, 2, 0] == 3 and area[0, 0, 0] == 0
    assert points.surface_area(np.ones((2, 4, 4, 4), bool)).sum() == 2 * 6 * 16


def test_area_inside_a_closed_box_counts():
    grid = np.ones((5, 5, 5), bool)
    grid[2, 2, 2] = False
    assert points.surface_area(grid).sum() == 6 * 25 + 6


def test_points_lie_on_the_faces_in_proportion_to_their_area():
    grid = block((2, 4), (2, 6), (0, 8))
    drawn = points.surface_points(np.random.default_rng(0), grid, 4000)
    assert drawn.shape == (4000, 3)
    low, high = np.array([2, 2, 0]) / 8, np.array([4, 6, 8]) / 8
    assert (drawn >= low - 1e-12).all() and (drawn <= high + 1e-12).all()
    on_face = np.isclose(drawn, low) | np.isclose(drawn, high)
    assert (on_face.sum(1) >= 1).all()
    np.testing.assert_allclose(on_face.mean(0), np.array([32, 16, 8]) / 56, atol=0.02)
    np.testing.assert_allclose(drawn.mean(0), (low + high) / 2, atol=0.01)


def test_an_empty_shape_is_as_far_as_can_be_and_equal_to_another():
    empty = points.surface_points(np.random.default_rng(0), np.zeros((4,) * 3, bool))
    assert empty.shape == (0, 3)
    one = np.full((5, 3), 0.5)
    apart = points.surface_distances(empty, one)
    assert points.chamfer_distance(apart) == pytest.approx(6)
    assert points.f_score(apart, 0.1) == 0
    same = points.surface_distances(empty, empty)
    assert points.chamfer_distance(same) == 0 and points.f_score(same, 0.1) == 1


def test_chamfer_and_f_score_equal_brute_force():
    rng = np.random.default_rng(0)
    a, b = rng.random((30, 3)), rng.random((40, 3))
    pairs = cdist(a, b)
    distances = points.surface_distances(a, b)
    expected = (pairs.min(1) ** 2).mean() + (pairs.min(0) ** 2).mean()
    assert points.chamfer_distance(distances) == pytest.approx(expected)
    precision, recall = (pairs.min(1) <= 0.15).mean(), (pairs.min(0) <= 0.15).mean()
    assert 0 < precision < 1 and precision != recall
    expected = 2 * precision * recall / (precision + recall)
    assert points.f_score(distances, 0.15) == pytest.approx(expected)


def test_a_shape_moved_by_one_voxel_is_within_tolerance_and_by_four_is_not():
    grid = block((2, 4), (2, 4), (2, 4), side=16)
    rng = np.random.default_rng(0)
    still = points.surface_points(rng, grid)

    def score(shift):
        moved = points.surface_points(rng, np.roll(grid, shift, 0))
        # A little more than a voxel: points are drawn on both sides.
        return points.f_score(points.surface_distances(still, moved), 1.15 / 16)

    assert score(1) == 1 and score(4) == 0 and score(0) == 1
