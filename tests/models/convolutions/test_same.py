"""Convolutions of stride 1: by hand, by NumPy, beside XLA's own, in every tile size."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export as jax_export
from jax.test_util import check_grads

from vaegan_jax.models.convolutions import same

FORMULATIONS = ("plain", "gather", "winograd")
TILES = [*itertools.product([2, 3], [1, 2, 4])]


def operands(size, inputs=3, outputs=5, batch=2, taps=3, dtype=np.float32):
    """Input, kernel and gradient of the output."""
    rng = np.random.default_rng(0)
    shapes = (
        (batch, *size, inputs),
        (*[taps] * len(size), inputs, outputs),
        (batch, *size, outputs),
    )
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def by_numpy(x, kernel, y):
    """Output and gradients, tap by tap."""
    taps, sizes = kernel.shape[:-2], x.shape[1:-1]
    pads = [(0, 0), *[(n // 2, n // 2) for n in taps], (0, 0)]
    padded, dk = np.pad(x, pads), np.zeros_like(kernel)
    output, dx = np.zeros_like(y), np.zeros_like(padded)
    for tap in np.ndindex(*taps):
        ends = zip(tap, sizes, strict=True)
        seen = (slice(None), *[slice(t, t + size) for t, size in ends])
        output += padded[seen] @ kernel[tap]
        dx[seen] += y @ kernel[tap].T
        dk[tap] = np.tensordot(padded[seen], y, (range(y.ndim - 1),) * 2)
    inside = [slice(n // 2, n // 2 + size) for n, size in zip(taps, sizes, strict=True)]
    return output, dx[(slice(None), *inside)], dk


def output_and_gradients(x, kernel, y, formulation):
    @jax.jit
    def run(x, kernel, y):
        apply = lambda x, k: same.convolve(x, k, formulation)  # noqa: E731
        output, pullback = jax.vjp(apply, x, kernel)
        return output, *pullback(y)

    return run(*map(jnp.asarray, (x, kernel, y)))


def assert_all_close(actual, expected, tolerance=1e-4):
    for a, b in zip(actual, expected, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * np.std(b))


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_two_by_two_cells_by_hand(formulation):
    x = jnp.array([[1.0, 2], [3, 4]]).reshape(1, 2, 2, 1)
    kernel = jnp.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]).reshape(3, 3, 1, 1)
    # At the first cell 5·1 + 6·2 + 8·3 + 9·4, and so on.
    y = same.convolve(x, kernel, formulation)
    np.testing.assert_allclose(y[0, ..., 0], [[77, 67], [47, 37]], rtol=1e-5)


@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize(
    "size, inputs, outputs, batch, taps",
    [
        ((8, 8, 8), 3, 5, 3, 3),
        ((4, 6, 5), 4, 2, 2, 3),  # a tile divides none but the first two
        ((2, 2, 2), 4, 4, 1, 3),
        ((8, 4, 4), 1, 6, 2, 3),  # thin at either side, or both
        ((4, 4, 8), 6, 1, 2, 3),
        ((4, 4, 4), 2, 1, 2, 3),
        ((8, 12), 3, 5, 3, 3),
        ((8, 8), 2, 3, 2, 5),
        ((4, 4, 4), 3, 2, 2, 1),
    ],
)
def test_output_and_gradients_are_those_of_numpy(
    size, inputs, outputs, batch, taps, formulation
):
    given = operands(size, inputs, outputs, batch, taps)
    actual = output_and_gradients(*given, formulation)
    exact = by_numpy(*[a.astype(np.float64) for a in given])
    assert_all_close(actual, exact)


@pytest.mark.parametrize("rank, tile", TILES)
def test_every_tile_size_is_exact(rank, tile, monkeypatch):
    monkeypatch.setattr(same, "_tile", lambda *_: tile)
    with jax.enable_x64(True):
        given = operands((8,) * rank, dtype=np.float64)
        actual = output_and_gradients(*given, "winograd")
    assert_all_close(actual, by_numpy(*given), 1e-11)


@pytest.mark.parametrize("rank, tile", TILES)
def test_gradients_are_those_of_small_steps(rank, tile, monkeypatch):
    monkeypatch.setattr(same, "_tile", lambda *_: tile)
    with jax.enable_x64(True):
        x, kernel, _ = operands((4,) * rank, 2, 2, dtype=np.float64)
        apply = jax.jit(lambda x, k: same.convolve(x, k, "winograd"))
        check_grads(apply, (x, kernel), order=1, modes=["rev"])


@pytest.mark.parametrize("tile, largest", [(1, 5e-6), (2, 1e-5), (4, 1e-4)])
def test_rounding_is_small_beside_the_standard_deviation(tile, largest, monkeypatch):
    monkeypatch.setattr(same, "_tile", lambda *_: tile)
    given = operands((8, 8, 8), 64, 32)
    actual = output_and_gradients(*given, "winograd")
    exact = by_numpy(*[a.astype(np.float64) for a in given])
    for a, b in zip(actual, exact, strict=True):
        assert abs(a - b).max() < largest * b.std()


@pytest.mark.parametrize("formulation", ["gather", "winograd"])
@pytest.mark.parametrize("inputs, outputs", [(3, 5), (5, 3)])
def test_batches_in_parts_are_as_in_one(inputs, outputs, formulation, monkeypatch):
    given = operands((4, 4, 4), inputs, outputs, batch=6)

    def in_parts(at_once):
        monkeypatch.setattr(same, "_AT_ONCE", at_once)
        return output_and_gradients(*given, formulation)

    whole = in_parts(1 << 30)
    assert_all_close(whole, by_numpy(*given))
    largest = max(given[0].nbytes, given[2].nbytes)
    for at_once in (1, largest // 3, largest // 2 - 1):
        assert_all_close(in_parts(at_once), whole)


def test_parts_keep_input_and_output_small(monkeypatch):
    def parts(inputs, outputs, batch):
        given = operands((4, 4, 4), inputs, outputs, batch)
        monkeypatch.setattr(same, "_AT_ONCE", 2 * 4**3 * 6 * 4)  # two of six channels
        apply = lambda x, k: same.convolve(x, k, "winograd")  # noqa: E731
        lowered = str(jax.make_jaxpr(apply)(*given[:2]))
        return next((n for n in (2, 3, 5) if f"length={n}" in lowered), 1)

    assert parts(6, 2, 4) == parts(2, 6, 4) == 2
    assert parts(6, 2, 5) == 5  # no smaller number divides it
    assert parts(2, 2, 6) == parts(6, 6, 2) == 1


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_half_precision_is_near_single(formulation):
    given = operands((4, 4, 4))
    actual = output_and_gradients(*[a.astype(jnp.bfloat16) for a in given], formulation)
    for a, b in zip(actual, by_numpy(*given), strict=True):
        assert a.dtype == jnp.bfloat16
        assert abs(np.asarray(a, np.float32) - b).max() < 0.1 * b.std()


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_exported_for_any_batch(formulation):
    x, kernel, _ = operands((4, 4, 4), batch=3)
    (batch,) = jax_export.symbolic_shape("b")
    free = jax.ShapeDtypeStruct((batch, *x.shape[1:]), x.dtype)
    apply = jax.jit(lambda x: same.convolve(x, jnp.asarray(kernel), formulation))
    exported = jax_export.deserialize(jax_export.export(apply)(free).serialize())
    np.testing.assert_allclose(exported.call(x), apply(x), rtol=1e-4, atol=1e-4)


def test_the_choice_weighs_products_against_memory():
    def choose(batch, size, inputs, outputs, dtype="float32", formulation="winograd"):
        x = jax.ShapeDtypeStruct((batch, *[size] * 3, inputs), jnp.dtype(dtype))
        return same._tile(x, (3, 3, 3, inputs, outputs), formulation)

    assert choose(8, 16, 64, 64) == choose(8, 32, 16, 16) == 4
    assert choose(8, 4, 256, 256) == 2  # transforming the kernel takes longer
    assert choose(8, 6, 64, 64) == 2 and choose(8, 5, 64, 64) == 1  # no other fits
    assert choose(8, 16, 64, 64, "bfloat16") == 1
    assert choose(8, 16, 64, 64, formulation="gather") == 1


@pytest.mark.parametrize("taps", [(2, 2), (3, 5)])
def test_kernels_of_no_middle_or_two_sizes_are_refused(taps):
    with pytest.raises(ValueError, match="not one odd number"):
        same.convolve(jnp.zeros((1, 4, 4, 2)), jnp.zeros((*taps, 2, 2)), "plain")
