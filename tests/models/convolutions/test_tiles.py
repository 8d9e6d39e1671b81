"""Toom–Cook tiles: known matrices, sums over windows and their adjoint."""

import itertools

import numpy as np
import pytest

from vaegan_jax.models.convolutions import tiles


@pytest.mark.parametrize("tile, taps", [*itertools.product([1, 2, 4], [2, 3])])
def test_the_matrices_compute_a_correlation(tile, taps):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=tile + taps - 1), rng.normal(size=taps)
    a, g, b = tiles.transforms(tile, taps)
    products = (g @ w) * (b @ x)
    assert len(products) == tile + taps - 1
    np.testing.assert_allclose(a.T @ products, np.correlate(x, w), atol=1e-12)


def test_two_outputs_of_two_taps_by_hand():
    """Three products, as Karatsuba's: values at 0, 1 and infinity."""
    a, g, b = tiles.transforms(2, 2)
    x, w = np.array([2.0, 3.0, 5.0]), np.array([7.0, 11.0])
    products = [-7 * (2 - 3), (7 + 11) * 3, 11 * (5 - 3)]
    np.testing.assert_allclose(abs((g @ w) * (b @ x)), np.abs(products))
    np.testing.assert_allclose(a.T @ ((g @ w) * (b @ x)), [47, 76])


def test_adding_windows_is_the_adjoint_of_their_sums():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(4, 3)).astype(np.float32)
    x = rng.normal(size=(2, 9, 3)).astype(np.float32)
    sums = tiles.window_sums(x, matrix, 2, 1)
    windows = np.stack([x[:, i : i + 3] for i in (0, 2, 4, 6)])
    expected = np.einsum("rw,nbwc->rbnc", matrix, windows)
    np.testing.assert_allclose(sums, expected, atol=1e-5)
    values = [rng.normal(size=s.shape).astype(np.float32) for s in sums]
    forward = sum(np.vdot(s, v) for s, v in zip(sums, values, strict=True))
    backward = np.vdot(x, tiles.add_windows(values, matrix, 2, 1))
    np.testing.assert_allclose(forward, backward, rtol=1e-4)
