"""Strided convolutions over tiles: exactness for each size, rounding, the choice."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vaegan_jax.models.convolutions import strided, winograd

TILES = [(2, 1), (2, 2), (2, 4), (3, 1), (3, 2)]


def operands(rank, seed=0):
    rng = np.random.default_rng(seed)
    taps, padding, size = (4, 1, 8) if rank == 3 else (5, 2, 16)
    x = rng.normal(size=(2, *(size,) * rank, 3))
    kernel = rng.normal(size=(*(taps,) * rank, 3, 5))
    y = rng.normal(size=(2, *(size // 2,) * rank, 5))
    return x, kernel, y, padding


@pytest.mark.parametrize("rank, tile", TILES)
def test_every_tile_size_is_exact(rank, tile):
    x, kernel, y, padding = operands(rank)
    with jax.enable_x64(True):
        x, kernel, y = (jnp.asarray(a, jnp.float64) for a in (x, kernel, y))
        plain = lambda x, k: strided.convolve(x, k, padding, "plain")  # noqa: E731
        expected, pullback = jax.vjp(plain, x, kernel)
        dx, dk = pullback(y)
        close = lambda a, b: np.testing.assert_allclose(a, b, atol=1e-10)  # noqa: E731
        close(winograd.convolve(x, kernel, padding, tile), expected)
        close(winograd.convolve_transposed(y, kernel, padding, tile), dx)
        close(winograd.kernel_gradient(x, y, kernel.shape, padding, tile), dk)


@pytest.mark.parametrize("rank, tile", TILES)
def test_rounding_stays_near_that_of_plain_convolutions(rank, tile):
    x, kernel, _, padding = operands(rank)
    with jax.enable_x64(True):
        exact = np.asarray(
            strided.convolve(jnp.asarray(x), jnp.asarray(kernel), padding, "plain")
        )
    single = winograd.convolve(
        jnp.asarray(x, jnp.float32), jnp.asarray(kernel, jnp.float32), padding, tile
    )
    error = abs(np.asarray(single) - exact).max() / abs(exact).max()
    assert error < (2e-5 if tile == 4 else 2e-6)


def test_the_choice_weighs_products_against_memory():
    choose = lambda *arguments: strided._tile(  # noqa: E731
        *arguments, "winograd", jnp.dtype("float32")
    )
    encoder, generator = (5, 5, 256, 512), (4, 4, 4, 128, 256)
    assert choose(96, (4, 4), encoder) == 4  # many images: the products dominate
    assert choose(1, (4, 4), encoder) < 4  # one: transforming the kernel does
    assert choose(8, (2, 2, 2), generator) == 1
    assert choose(96, (6, 6), encoder) == 2  # a tile of 4 would not fit


def test_half_precision_is_never_tiled():
    tile = strided._tile(
        96, (4, 4), (5, 5, 256, 512), "winograd", jnp.dtype("bfloat16")
    )
    assert tile == 1
