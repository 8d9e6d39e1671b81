"""Convolutions that keep every spatial size ("same" padding), and their gradients.

Formulations are those of `strided`:

- `plain` is XLA's own convolution with XLA's own gradients.
- `winograd` are products over Toom–Cook tiles, see `winograd`; here no phases have to
  be split, for the stride is 1. In three dimensions tiles of 2³ outputs take 64
  products instead of 216, those of 4³ outputs 216 instead of 1728.
- `gather` is the same with tiles of one output: every multiplication is done.

`winograd` has an array for each point. There are too many for that here: a network of a
dozen such convolutions would take minutes to compile. So points are the leading axis of
one array, each axis' transform is a handful of operations, and all products are one.

These arrays are several times as large as the input. So the batch goes through in parts
that stay in a CPU's cache, which is faster than all at once.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vaegan_jax.models.convolutions import plain
from vaegan_jax.models.convolutions.parts import in_parts
from vaegan_jax.models.convolutions.strided import Formulation
from vaegan_jax.models.convolutions.tiles import (
    add_windows,
    choose,
    transforms,
    window_sums,
)

# For three taps. Rounding errs by up to 1e-4 of the output's standard deviation with
# tiles of 4³, by 1e-5 with smaller ones.
_TILES = (1, 2, 4)

# Bytes of input, or of output if that is larger, that are worked on at once. On one
# core, half or twice as many took longer for grids of 16³ and 32³.
_AT_ONCE = 1 << 21


def convolve(
    x: Float[Array, "b *n c"], kernel: Float[Array, "*k c o"], formulation: Formulation
) -> Float[Array, "b *n o"]:
    """Cross-correlation with stride 1, as `torch.nn.ConvNd(padding="same")`.

    Args:
      x: input, channels last.
      kernel: taps, an odd number of them and the same along every axis, then input and
        output channels.
      formulation: see the module's docstring.

    Returns:
      The output, of the input's spatial sizes. What lies outside the input is zero.

    Raises:
      ValueError: the kernel's sizes are even, or differ.
    """
    taps = kernel.shape[0]
    if taps % 2 == 0 or set(kernel.shape[:-2]) != {taps}:
        raise ValueError(f"kernel sizes are not one odd number: {kernel.shape[:-2]}")
    if formulation == "plain":
        return plain.convolve(x, kernel, taps // 2, stride=1)
    return _convolve(x, kernel, formulation)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _convolve(x, kernel, formulation):
    return _forward(x, kernel, formulation)


def _convolve_fwd(x, kernel, formulation):
    return _forward(x, kernel, formulation), (x, kernel)


def _convolve_bwd(formulation, residuals, gradient):
    x, kernel = residuals
    axes = tuple(range(kernel.ndim - 2))
    adjoint = jnp.flip(kernel, axes).swapaxes(-1, -2)
    return (
        _forward(gradient, adjoint, formulation),
        _kernel_gradient(x, gradient, kernel.shape, formulation),
    )


_convolve.defvjp(_convolve_fwd, _convolve_bwd)


def _forward(x, kernel, formulation):
    rank, taps = x.ndim - 2, kernel.shape[0]
    tile = _tile(x, kernel.shape, formulation)
    matrices = transforms(tile, taps)
    kernel_points = _analyse(kernel, matrices.kernel, taps, range(-2 - rank, -2))
    kernel_points = kernel_points.reshape(-1, *kernel.shape[-2:])

    def apply(x):
        values = _products(_input_points(x, taps, tile), kernel_points, (2, 1))
        tiles = [size // tile for size in x.shape[1:-1]]
        points = [len(matrices.outputs)] * rank
        values = values.reshape(*points, x.shape[0], *tiles, -1)
        return _synthesise(values, matrices.outputs, tile, range(-1 - rank, -1))

    y = in_parts(apply, _bytes_at_once(kernel.shape), x)
    return y.reshape(*x.shape[:-1], -1)


def _kernel_gradient(x, y, shape, formulation):
    """The gradient with respect to the kernel of ⟨y, convolve(x, kernel)⟩."""
    rank, taps = x.ndim - 2, shape[0]
    tile = _tile(x, shape, formulation)
    matrices = transforms(tile, taps)

    def apply(x, y):
        y_points = _analyse(y, matrices.outputs, tile, range(-1 - rank, -1))
        y_points = y_points.reshape(len(matrices.outputs) ** rank, -1, y.shape[-1])
        values = _products(_input_points(x, taps, tile), y_points, (1, 1))
        points = [len(matrices.outputs)] * rank
        values = values.reshape(*points, *[1] * rank, *shape[-2:])
        return _synthesise(values, matrices.kernel, taps, range(-2 - rank, -2))

    return in_parts(apply, _bytes_at_once(shape), x, y).sum(0)


def _tile(x, kernel_shape, formulation: Formulation) -> int:
    """The tile size to use: with `winograd` the cheapest that fits."""
    *taps, inputs, outputs = kernel_shape
    sizes = _TILES if formulation == "winograd" and taps[0] == 3 else (1,)
    cells = x.shape[1:-1]
    return choose(sizes, x.shape[0], cells, taps[0], (inputs, outputs), x.dtype)


def _bytes_at_once(kernel_shape) -> int:
    """Bytes of input for which neither input nor output exceeds `_AT_ONCE`."""
    inputs, outputs = kernel_shape[-2:]
    return max(1, _AT_ONCE * inputs // max(inputs, outputs))


def _input_points(x, taps: int, tile: int):
    """B x: (points, tiles, channels)."""
    rank, matrix = x.ndim - 2, transforms(tile, taps).inputs
    padded = jnp.pad(x, [(0, 0), *[(taps // 2, taps // 2)] * rank, (0, 0)])
    values = _analyse(padded, matrix, tile, range(-1 - rank, -1))
    return values.reshape(len(matrix) ** rank, -1, x.shape[-1])


def _products(a, b, contracted: tuple[int, int]):
    """Matrix products, one for each point, over the given axes of both."""
    axes = tuple((axis,) for axis in contracted)
    return jax.lax.dot_general(a, b, (axes, ((0,), (0,))))


def _analyse(x, matrix: np.ndarray, stride: int, axes: range):
    """`window_sums` for each axis, counted from the last: (n, …, n, *x.shape).

    Sizes of these axes become numbers of windows. The last axis' rows come first.
    """
    for axis in axes:
        x = jnp.stack(window_sums(x, matrix, stride, x.ndim + axis))
    return x


def _synthesise(values, matrix: np.ndarray, stride: int, axes: range):
    """The adjoint of `_analyse`."""
    for axis in reversed(axes):
        values = add_windows(list(values), matrix, stride, values.ndim - 1 + axis)
    return values
