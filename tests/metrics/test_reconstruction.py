"""Measures of reconstructions, against values by hand and by brute force."""

import jax.numpy as jnp
import numpy as np
import pytest

from vaegan_jax.metrics import reconstruction


def grids(*filled):
    """Grids of 2³ with the given numbers of filled voxels, from the first on."""
    flat = jnp.arange(8)[None] < jnp.array(filled)[:, None]
    return flat.reshape(-1, 2, 2, 2)


def test_squared_error_by_hand():
    truth = grids(8, 0)
    probabilities = jnp.full(truth.shape, 0.25)
    np.testing.assert_allclose(
        reconstruction.squared_error(probabilities, truth), [8 * 0.5625, 8 * 0.0625]
    )


def test_iou_by_hand():
    truth, predicted = grids(4, 4, 0), grids(2, 6, 0)
    iou = reconstruction.intersection_over_union(predicted * 0.6, truth, 0.5)
    np.testing.assert_allclose(iou, [2 / 4, 4 / 6, 1])
    none = reconstruction.intersection_over_union(predicted * 0.6, truth, 0.6)
    np.testing.assert_allclose(none, [0, 0, 1])


def brute_force_average_precision(scores, truth):
    """Σ over thresholds, descending, of recall gained times precision there."""
    total, recall = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        chosen = scores >= threshold
        gained = truth[chosen].sum() / truth.sum()
        total += (gained - recall) * truth[chosen].mean()
        recall = gained
    return total


@pytest.mark.parametrize("levels", [3, 1000])
def test_average_precision_equals_brute_force_also_with_ties(levels):
    rng = np.random.default_rng(0)
    scores = np.float32(rng.integers(0, levels, (3, 4, 4, 4)) / levels)
    truth = rng.random((3, 4, 4, 4)) < 0.3
    actual = reconstruction.average_precision(jnp.array(scores), jnp.array(truth))
    expected = [
        brute_force_average_precision(s.ravel(), t.ravel())
        for s, t in zip(scores, truth, strict=True)
    ]
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


def test_average_precision_of_a_perfect_order_and_of_an_empty_truth():
    truth = grids(3, 0)
    scores = jnp.linspace(1, 0, 8).reshape(1, 2, 2, 2).repeat(2, 0)
    np.testing.assert_allclose(reconstruction.average_precision(scores, truth), [1, 0])
