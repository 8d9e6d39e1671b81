"""Strided convolutions of one to three channels: images, and voxel grids.

With so few channels, products tap by tap are too thin to be fast. Here everything that
the output cells read is laid out first, one row for each tap and channel, then
multiplied at once:

    y = columns(x)ᵀ K,    ∂K = columns(x) y,    x = columnsᵀ(K yᵀ).

Positions run along the rows: neighbours in space are neighbours in memory, which moves
several times faster than vectors of a few channels would.

Taps are in the order of `winograd`: tap `t` reads phase `t % 2` of the cell `t // 2`
further on. So the input is split into phases, and all phases of a cell move together;
odd kernels get a tap of zeros.
"""

import itertools
from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp

_STRIDE = 2


def convolve(x, kernel, padding: int):
    """`strided.convolve`, with cells flattened."""
    columns, matrix = _columns(x, kernel.shape, padding), _matrix(kernel)
    return jax.lax.dot_general(columns, matrix, (((0,), (0,)), ((), ())))


def kernel_gradient(x, y, shape: Sequence[int], padding: int):
    """The gradient with respect to the kernel of ⟨y, convolve(x, kernel)⟩."""
    *taps, inputs, outputs = shape
    rank = len(taps)
    product = _columns(x, shape, padding) @ y.reshape(-1, outputs)
    split = product.reshape(*_halves(taps), *[_STRIDE] * rank, inputs, outputs)
    order = [axis for i in range(rank) for axis in (i, rank + i)]
    merged = split.transpose(*order, 2 * rank, 2 * rank + 1)
    merged = merged.reshape(*[_STRIDE * n for n in _halves(taps)], inputs, outputs)
    return merged[tuple(slice(size) for size in taps)]


def convolve_transposed(y, kernel, padding: int):
    """`strided.convolve_transposed`."""
    *taps, inputs, outputs = kernel.shape
    rank, cells = len(taps), y.shape[1:-1]
    columns = _matrix(kernel) @ y.reshape(-1, outputs).T
    columns = columns.reshape(*_halves(taps), -1, y.shape[0], *cells)
    split = 0
    for shift in _shifts(taps):
        reach = [(s, n - 1 - s) for s, n in zip(shift, _halves(taps), strict=True)]
        split = split + jnp.pad(columns[shift], [(0, 0), (0, 0), *reach])
    grid = split.shape[2:]
    split = split.reshape(*[_STRIDE] * rank, inputs, y.shape[0], *grid)
    # (phases, c, b, cells) to (b, cells and phases in turn, c).
    order = [axis for i in range(rank) for axis in (rank + 2 + i, i)]
    merged = split.transpose(rank + 1, *order, rank)
    merged = merged.reshape(y.shape[0], *[_STRIDE * size for size in grid], inputs)
    inside = [slice(padding, padding + _STRIDE * size) for size in cells]
    return merged[(slice(None), *inside)]


def _columns(x, kernel_shape: Sequence[int], padding: int):
    """What each output cell reads: (taps · channels, b · cells)."""
    *taps, inputs, _ = kernel_shape
    rank, cells = len(taps), [size // _STRIDE for size in x.shape[1:-1]]
    pads = [(padding, _STRIDE * (n - 1) - padding) for n in _halves(taps)]
    padded = jnp.pad(x, [(0, 0), *pads, (0, 0)])
    grid = [size // _STRIDE for size in padded.shape[1:-1]]
    sizes = [size for n in grid for size in (n, _STRIDE)]
    split = padded.reshape(x.shape[0], *sizes, inputs)
    # (b, cells and phases in turn, c) to (phases, c, b, cells).
    order = [*range(2, 2 * rank + 1, 2), 2 * rank + 1, 0, *range(1, 2 * rank, 2)]
    split = split.transpose(order).reshape(-1, x.shape[0], *grid)
    seen = [
        split[(..., *(slice(s, s + n) for s, n in zip(shift, cells, strict=True)))]
        for shift in _shifts(taps)
    ]
    return jnp.concatenate(seen).reshape(len(seen) * split.shape[0], -1)


def _matrix(kernel):
    """The kernel in the order of the columns: (taps · channels, outputs)."""
    *taps, inputs, outputs = kernel.shape
    rank, halves = len(taps), _halves(taps)
    odd = [(0, _STRIDE * n - size) for n, size in zip(halves, taps, strict=True)]
    padded = jnp.pad(kernel, [*odd, (0, 0), (0, 0)])
    sizes = [size for n in halves for size in (n, _STRIDE)]
    split = padded.reshape(*sizes, inputs, outputs)
    order = [*range(0, 2 * rank, 2), *range(1, 2 * rank, 2), 2 * rank, 2 * rank + 1]
    return split.transpose(order).reshape(-1, outputs)


def _halves(taps: Sequence[int]) -> list[int]:
    """How many cells the taps reach over, along each axis."""
    return [-(-size // _STRIDE) for size in taps]


def _shifts(taps: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every cell that taps reach, as steps from the first, in order."""
    return itertools.product(*map(range, _halves(taps)))
