import numpy as np
import pytest
from scipy.spatial.distance import cdist

from vaegan_jax.metrics import distances, earth_mover, points
from vaegan_jax.runtime import stored


def random_shapes(count, side=8, seed=0):
    """Boxes of random corners, none empty."""
    rng = np.random.default_rng(seed)
    grids = np.zeros((count, *(side,) * 3), bool)
    for grid in grids:
        low = rng.integers(0, side - 1, 3)
        high = [rng.integers(corner + 1, side + 1) for corner in low]
        grid[tuple(slice(*ends) for ends in zip(low, high, strict=True))] = True
    return grids


def brute_force_chamfer(a, b):
    """Over the centres of surface voxels, each as often as it has faces."""
    sets = []
    for grid in (a, b):
        area = points.surface_area(grid)
        centres = np.argwhere(area) / len(grid)
        sets.append((centres, area[area > 0] / area.sum()))
    (p, shares_p), (q, shares_q) = sets
    pairs = cdist(p, q) ** 2
    return shares_p @ pairs.min(1) + shares_q @ pairs.min(0)


def test_chamfer_equals_brute_force_across_blocks(monkeypatch):
    monkeypatch.setattr(distances, "_BLOCK", 3)
    a, b = random_shapes(7), random_shapes(5, seed=1)
    expected = [[brute_force_chamfer(x, y) for y in b] for x in a]
    actual = distances.chamfer_distances(a, b)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-7)


def test_chamfer_of_surfaces_is_near_that_of_many_points():
    rng = np.random.default_rng(0)
    a, b = random_shapes(3, side=48), random_shapes(3, side=48, seed=1)
    drawn = [[points.surface_points(rng, g) for g in grids] for grids in (a, b)]
    expected = [
        [points.chamfer_distance(points.surface_distances(p, q)) for q in drawn[1]]
        for p in drawn[0]
    ]
    # Centres lie half a voxel inside both surfaces.
    roots = [np.sqrt(d) for d in (distances.chamfer_distances(a, b), expected)]
    np.testing.assert_allclose(*roots, atol=2 / 48)


def test_iou_equals_brute_force_across_blocks(monkeypatch):
    monkeypatch.setattr(distances, "_BLOCK", 3)
    a, b = random_shapes(4), random_shapes(5, seed=1)
    expected = [[1 - (x & y).sum() / (x | y).sum() for y in b] for x in a]
    np.testing.assert_allclose(distances.iou_distances(a, b), expected, atol=1e-6)


@pytest.mark.parametrize(
    "function, greatest",
    [(distances.iou_distances, 1), (distances.chamfer_distances, 6)],
)
def test_empty_shapes_are_equal_and_far_from_all_others(function, greatest):
    shapes = random_shapes(3)
    shapes[1] = False
    actual = function(shapes, shapes)
    np.testing.assert_allclose(np.diag(actual), 0, atol=1e-6)
    np.testing.assert_allclose(actual[1, [0, 2]], greatest)
    np.testing.assert_allclose(actual, actual.T, atol=1e-6)


def test_earth_movers_distance_of_moved_and_permuted_points():
    rng = np.random.default_rng(0)
    a = rng.random((20, 3))
    moved = rng.permutation(a) + np.array([0.3, 0, -0.4])
    assert earth_mover.earth_movers_distance(a, moved) == pytest.approx(0.5)
    assert earth_mover.earth_movers_distance(a, rng.permutation(a)) == 0


@pytest.mark.parametrize("same", [False, True])
def test_pruned_nearest_surfaces_equal_those_of_all_pairs(same, monkeypatch):
    monkeypatch.setattr(earth_mover, "_BLOCK", 4)
    a, b = random_shapes(12), random_shapes(15, seed=1)
    a[3], b[4] = False, False
    b[5] = a[6]
    queries = earth_mover.Surfaces(a, count=32)
    candidates = queries if same else earth_mover.Surfaces(b, count=32)
    pairs = np.array(
        [
            [earth_mover.earth_movers_distance(p, q) for q in candidates.points]
            for p in queries.points
        ]
    )
    far = queries.empty[:, None] != candidates.empty[None]
    pairs = np.where(far, points.GREATEST_DISTANCE, pairs)
    bounds = earth_mover.lower_bounds(queries, candidates)
    assert (bounds <= pairs).all()
    others = pairs[~np.eye(*pairs.shape, dtype=bool)] if same else pairs.flatten()
    tightness = bounds.sum() / others.sum()
    assert tightness > 0.85
    if same:
        np.fill_diagonal(pairs, np.inf)
    found = earth_mover.nearest_surfaces(queries, candidates, bounds)
    np.testing.assert_allclose(found.distance, pairs.min(1))
    np.testing.assert_allclose(pairs[np.arange(12), found.index], pairs.min(1))
    if not same:
        assert found.distance[6] == 0 and found.index[3] == 4


def test_the_nearest_of_others_in_parts_is_that_of_all_pairs(monkeypatch):
    shapes, others = random_shapes(5), random_shapes(7, seed=1)
    others[6] = others[2]  # as near; the first counts
    shapes[0] = others[2]
    monkeypatch.setattr(stored, "_PART", 2 * others[0].nbytes)
    least, places = distances.nearest_by_iou(shapes, others.astype(np.uint8))
    expected = distances.iou_distances(shapes, others)
    np.testing.assert_array_equal(least, expected.min(1))
    np.testing.assert_array_equal(places, expected.argmin(1))
    assert places[0] == 2
