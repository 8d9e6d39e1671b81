"""Toom–Cook tiles: their matrices, one axis' sums over windows, and what they cost.

`winograd` explains the method, for strided convolutions; `same` uses it as well.
"""

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

# Of the polynomials; the last of the n points is infinity. Few and small: they are what
# rounding errors grow with. F(4, 3) needs all five.
_POINTS = (0.0, 1.0, -1.0, 2.0, -0.5)


class _Transforms(NamedTuple):
    outputs: np.ndarray  # A, (n, m)
    kernel: np.ndarray  # G, (n, r)
    inputs: np.ndarray  # B, (n, n)


@functools.cache
def transforms(tile: int, taps: int) -> _Transforms:
    """The matrices A, G and B for tiles of m outputs and kernels of r taps."""
    if tile == 1:
        return _Transforms(np.ones((taps, 1)), np.eye(taps), np.eye(taps))
    n = tile + taps - 1
    points = _POINTS[: n - 1]
    a, g, b = np.zeros((n, tile)), np.zeros((n, taps)), np.zeros((n, n))
    for row, point in enumerate(points):
        others = [other for other in points if other != point]
        a[row] = [point**i for i in range(tile)]
        # Lagrange's basis polynomial at this point: its denominator goes to the kernel.
        g[row] = [point**i for i in range(taps)] / np.prod(np.subtract(point, others))
        b[row, :-1] = np.atleast_1d(np.poly(others))[::-1]
    a[-1, -1] = g[-1, -1] = 1
    b[-1] = np.poly(points)[::-1]
    return _Transforms(a, g, b)


def choose(
    sizes: Sequence[int],
    batch,
    cells: Sequence[int],
    taps: int,
    channels: tuple[int, int],
    dtype,
) -> int:
    """The cheapest of the tile sizes that divide the cells.

    Args:
      sizes: to choose from; 1 is among them.
      batch: samples; one if it is symbolic, to be exported for any.
      cells: of the output, along each axis.
      taps: along each axis.
      channels: of input and output.
      dtype: of the products.
    """
    if dtype != jnp.float32:  # half has no digits to lose
        return 1
    if not isinstance(batch, int):
        batch = 1
    return min(
        (m for m in sizes if all(size % m == 0 for size in cells)),
        key=lambda m: cost(m, batch, cells, taps, channels),
    )


def cost(
    tile: int, batch: int, cells: Sequence[int], taps: int, channels: tuple[int, int]
) -> int:
    """How long a tile size takes, in floating-point operations; for comparisons.

    Counts those of the products, and every number that goes to memory between them as
    128 more, about what a CPU computes in that time.
    """
    inputs, outputs = channels
    points = (tile + taps - 1) ** len(cells)
    rows = batch * math.prod(size // tile for size in cells)
    moved = rows * (inputs + outputs) + inputs * outputs
    return points * (2 * rows * inputs * outputs + 128 * moved)


def window_sums(x, matrix: np.ndarray, stride: int, axis: int) -> list:
    """Sums over windows of x along an axis, weighted by each row of the matrix.

    Windows are as wide as the matrix and `stride` apart.
    """
    windows = (x.shape[axis] - matrix.shape[1]) // stride + 1
    reach = stride * (windows - 1) + 1
    # Slices of their own for every row: with shared ones XLA rounds otherwise, and runs
    # of old versions are to be repeated bit for bit.
    return [
        _weighted_sum(
            row,
            [
                jax.lax.slice_in_dim(x, i, i + reach, stride, axis)
                for i in range(matrix.shape[1])
            ],
        )
        for row in matrix
    ]


def add_windows(values: list, matrix: np.ndarray, stride: int, axis: int):
    """The adjoint of `window_sums`: windows go back to their places and add up there.

    Elements that are `stride` apart come from the same column of consecutive windows:
    each residue is made by itself, and the residues are then interleaved.
    """
    width, windows = matrix.shape[1], values[0].shape[axis]
    overlap = -(-width // stride) - 1  # windows that reach into a later one
    residues = []
    for residue in range(stride):
        total = None
        for later in range(overlap + 1):
            column = residue + later * stride
            if column >= width:
                continue
            part = _weighted_sum(matrix[:, column], values)
            pads = [(0, 0)] * part.ndim
            pads[axis] = (later, overlap - later)
            part = jnp.pad(part, pads)
            total = part if total is None else total + part
        residues.append(total)
    stacked = jnp.stack(residues, axis + 1)
    shape = stacked.shape
    merged = stacked.reshape(*shape[:axis], -1, *shape[axis + 2 :])
    return jax.lax.slice_in_dim(merged, 0, stride * (windows - 1) + width, axis=axis)


def _weighted_sum(weights: np.ndarray, values: list):
    total = None
    for weight, value in zip(weights, values, strict=True):
        if weight == 0:
            continue
        term = value if weight == 1 else value * np.asarray(weight, value.dtype)
        total = term if total is None else total + term
    return total
