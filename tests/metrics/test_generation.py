import numpy as np
import pytest
from scipy.spatial.distance import cdist

from vaegan_jax.metrics import generation as g
from vaegan_jax.metrics.health import components, health


def found(points, others, **masks):
    """Neighbours of points, whose distances are plain to see."""
    return g.neighbours(
        cdist(points, others),
        cdist(points, points),
        cdist(others, others),
        **masks,
    )


def measures(generated, reference):
    neighbours = found(generated, reference)
    return (
        g.coverage(neighbours),
        g.minimum_matching_distance(neighbours),
        g.one_nearest_neighbour_accuracy(neighbours),
    )


def test_a_set_and_its_copy():
    points = np.random.default_rng(0).random((40, 3))
    assert measures(points, points) == (1, 0, 0)


def test_sets_that_are_apart():
    points = np.random.default_rng(0).random((40, 3))
    covered, distance, accuracy = measures(points + 9, points)
    assert accuracy == 1 and covered < 0.5 and distance > 8


def test_two_samples_of_one_distribution_are_told_apart_half_the_time():
    rng = np.random.default_rng(0)
    accuracies = [
        measures(rng.normal(size=(100, 3)), rng.normal(size=(100, 3)))[2]
        for _ in range(20)
    ]
    # One accuracy has a standard deviation of about 3.5 %, the mean one of 0.8 %.
    assert np.mean(accuracies) == pytest.approx(0.5, abs=0.03)


def test_a_collapsed_set_covers_one_shape():
    rng = np.random.default_rng(0)
    reference = rng.random((30, 3))
    collapsed = reference[:1] + 1e-9 * rng.random((30, 3))
    covered, _, accuracy = measures(collapsed, reference)
    assert covered == 1 / 30 and accuracy >= 0.95


def test_ties_between_the_sets_count_half():
    same = np.zeros((5, 3))
    assert measures(same, same)[2] == 0.5


def brute_force(generated, reference):
    """The definitions, in loops over all shapes."""
    distance = lambda a, b: np.linalg.norm(a - b)  # noqa: E731
    matched = {
        min(range(len(reference)), key=lambda j: distance(x, reference[j]))
        for x in generated
    }
    mmd = np.mean([min(distance(x, y) for x in generated) for y in reference])
    union = [(x, 0) for x in generated] + [(y, 1) for y in reference]
    right = 0
    for i, (x, label) in enumerate(union):
        others = [union[j] for j in range(len(union)) if j != i]
        right += min(others, key=lambda o: distance(x, o[0]))[1] == label
    return len(matched) / len(reference), mmd, right / len(union)


def test_equal_brute_force_in_any_order_and_with_other_sizes():
    rng = np.random.default_rng(1)
    generated, reference = rng.random((13, 3)), 0.2 + rng.random((17, 3))
    expected = brute_force(generated, reference)
    np.testing.assert_allclose(measures(generated, reference), expected)
    shuffled = rng.permutation(generated), rng.permutation(reference)
    np.testing.assert_allclose(measures(*shuffled), expected)


def test_masked_shapes_do_not_count():
    rng = np.random.default_rng(2)
    generated, reference = rng.random((13, 3)), rng.random((17, 3))
    masks = {"generated": np.arange(13) < 9, "reference": np.arange(17) > 4}
    neighbours = found(generated, reference, **masks)
    actual = (
        g.coverage(neighbours, **masks),
        g.minimum_matching_distance(neighbours, masks["reference"]),
        g.one_nearest_neighbour_accuracy(neighbours, **masks),
    )
    np.testing.assert_allclose(actual, brute_force(generated[:9], reference[5:]))


def test_jensen_shannon_divergence_by_hand():
    a, b = np.zeros((2, 2, 2, 2), bool), np.zeros((3, 2, 2, 2), bool)
    a[:, 0, 0, 0] = True
    b[:, 1, 1, 1] = True
    assert g.jensen_shannon_divergence(a, b) == pytest.approx(1)
    assert g.jensen_shannon_divergence(a, a[:1]) == 0
    both = a[:1] | b[:1]
    # KL(a || m) = log2(4/3), KL(both || m) = ½ log2(2/3) + ½ log2(2).
    expected = (np.log2(4 / 3) + (np.log2(2 / 3) + 1) / 2) / 2
    assert g.jensen_shannon_divergence(a, both) == pytest.approx(expected)
    empty = np.zeros_like(a)
    assert g.jensen_shannon_divergence(empty, a) == 1
    assert g.jensen_shannon_divergence(empty, empty) == 0


def test_components_by_hand():
    grids = np.zeros((4, 5, 5, 5), bool)
    grids[1, 0, 0, 0] = grids[1, 1, 1, 1] = True  # through a corner
    grids[2, 0, 0, :3] = grids[2, 4, 4, 4] = True
    grids[3] = True
    counts, largest = components(grids)
    assert counts.tolist() == [0, 1, 2, 1]
    assert largest.tolist() == [0, 1, 0.75, 1]
    summary = health(grids)
    assert summary["empty_share"] == summary["full_share"] == 0.25
    assert summary["fill_rate"] == pytest.approx((0 + 2 + 4 + 125) / 500)
    assert summary["components"] == 1
