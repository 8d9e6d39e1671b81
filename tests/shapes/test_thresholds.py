"""Each shape's own threshold, against values by hand, brute force and chance."""

import numpy as np
import pytest

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.thresholds import LEAST, expected_iou_threshold


def grid(*values):
    """A grid of 2³ of these probabilities and zeros."""
    padded = np.zeros(8, np.float32)
    padded[: len(values)] = values
    return padded.reshape(2, 2, 2)


def test_by_hand():
    # One voxel 0.9 / (1 + 0.7), two 1.3 / (2 + 0.3), three 1.6 / 3: two are best.
    best = 1.3 / 2.3
    threshold = expected_iou_threshold(grid(0.9, 0.3, 0.4))
    assert threshold == pytest.approx(best / (1 + best), rel=1e-6)
    assert 0.3 < threshold < 0.4


@pytest.mark.parametrize("sureness", [0.3, 1.0, 3.0])
def test_no_other_threshold_is_expected_to_be_better(sureness):
    rng = np.random.default_rng(0)
    for _ in range(20):
        logits = sureness * rng.normal(size=(4, 4, 4)) - 0.5
        probabilities = np.float32(1 / (1 + np.exp(-logits)))

        def expected(threshold, p=probabilities):
            filled = p > threshold
            return p[filled].sum() / (filled.sum() + p[~filled].sum())

        chosen = expected(expected_iou_threshold(probabilities))
        others = [expected(t) for t in probabilities.ravel() if t < probabilities.max()]
        assert chosen == pytest.approx(max(others), rel=1e-5)


def test_shapes_drawn_from_the_probabilities_are_met_better():
    """One voxel of a leg is there, nobody knows which: at ½ the leg would be lost."""
    rng = np.random.default_rng(0)
    probabilities = np.zeros((3, 3, 3), np.float32)
    probabilities[0] = 1.0
    probabilities[1, :2], probabilities[2, 2] = 0.45, 0.2
    drawn = rng.random((4000, 3, 3, 3)) < probabilities

    def iou(threshold):
        filled = probabilities > threshold
        return (
            (drawn & filled).sum((1, 2, 3)) / (drawn | filled).sum((1, 2, 3))
        ).mean()

    own = iou(expected_iou_threshold(probabilities))
    assert own > iou(0.5) + 0.01 and own > iou(0.1) + 0.01


def test_sure_shapes_are_cut_at_a_half_and_unknown_ones_nowhere():
    assert expected_iou_threshold(grid(1, 1, 1)) == 0.5
    for nothing in (grid(), np.full((4, 4, 4), 0.01, np.float32)):
        assert expected_iou_threshold(nothing) == LEAST
        assert not (nothing > LEAST).any()


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float64])
def test_any_type_of_ones_and_zeros_is_sure(kind):
    assert expected_iou_threshold(grid(1, 1, 1).astype(kind)) == 0.5


@pytest.mark.parametrize("wrong", [grid(0.5, np.nan), grid(1.5), grid(1)[None]])
def test_what_is_no_grid_of_probabilities_is_refused(wrong):
    with pytest.raises(UserError):
        expected_iou_threshold(wrong)
