"""Strided convolutions with fewer multiplications: Toom–Cook tiles of split phases.

One axis first. Output cell `j` of a stride-2 convolution reads element `2j + t` of the
padded input for tap `t`. With every element written as (cell, phase), that is phase
`t % 2` of cell `j + t // 2`: a stride-1 convolution over cells, of `r = ⌈taps / 2⌉`
taps, whose channels are phases times channels.

Toom and Cook compute `m` neighbouring outputs y of such a convolution from `n = m + r
- 1` inputs x and the taps w with n products instead of m · r:

    y = Aᵀ [(G w) ⊙ (B x)].

The idea: y is read off the product of two polynomials, which is known from its values
at n points; B and G evaluate, A interpolates (transposed, because a correlation is the
transpose of a polynomial product). With m = 1 and B, G the identity, A a sum, it is the
plain way: gather what each tap reads, multiply, add. Winograd (1980) showed that n is
least; Lavin and Gray, https://arxiv.org/abs/1509.09308, brought it to networks.

With several axes each is transformed in turn. Summing over channels commutes with the
transforms, so ⊙ becomes one matrix product for each of the n^axes points: rows are
tiles, columns channels. As all transforms are linear, adjoints are immediate: from
y to x, x = Bᵀ [(G w)ᵀ (A y)], and the gradient of w is Gᵀ [(B x)ᵀ (A y)]. So two
functions do everything: `_analyse` applies A, B or G to strided windows, and its
adjoint `_synthesise` puts windows back, adding where they overlap.
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from vaegan_jax.models.convolutions.phases import merge_phases, split_phases
from vaegan_jax.models.convolutions.tiles import (
    add_windows,
    choose,
    transforms,
    window_sums,
)

_STRIDE = 2


def tile_size(sizes, batch, cells, kernel_shape, dtype) -> int:
    """`tiles.choose` for phases as channels."""
    *taps, inputs, outputs = kernel_shape
    channels = (_STRIDE ** len(cells) * inputs, outputs)
    return choose(sizes, batch, cells, _taps_per_phase(taps), channels, dtype)


# --- the three products --------------------------------------------------------------


def convolve(x, kernel, padding: int, tile: int):
    """`strided.convolve` by tiles of `tile` output cells along each axis."""
    rank, taps = x.ndim - 2, _taps_per_phase(kernel.shape)
    matrices = transforms(tile, taps)
    values = [
        a @ b
        for a, b in zip(
            _input_points(x, taps, padding, tile),
            _kernel_points(kernel, tile),
            strict=True,
        )
    ]
    tiles = [size // _STRIDE // tile for size in x.shape[1:-1]]
    values = [v.reshape(x.shape[0], *tiles, -1) for v in values]
    return _synthesise(values, matrices.outputs, tile, range(1, 1 + rank))


def convolve_transposed(y, kernel, padding: int, tile: int):
    """`strided.convolve_transposed` by tiles of `tile` of its input's cells."""
    rank, taps = y.ndim - 2, _taps_per_phase(kernel.shape)
    matrices = transforms(tile, taps)
    values = [
        a @ b.T
        for a, b in zip(
            _output_points(y, taps, tile), _kernel_points(kernel, tile), strict=True
        )
    ]
    tiles = [size // tile for size in y.shape[1:-1]]
    values = [v.reshape(y.shape[0], *tiles, -1) for v in values]
    split = _synthesise(values, matrices.inputs, tile, range(1, 1 + rank))
    inside = [slice(padding, padding + _STRIDE * size) for size in y.shape[1:-1]]
    return merge_phases(split)[(slice(None), *inside)]


def kernel_gradient(x, y, shape: Sequence[int], padding: int, tile: int):
    """The gradient with respect to the kernel of ⟨y, convolve(x, kernel)⟩."""
    rank, taps = x.ndim - 2, _taps_per_phase(shape)
    matrices = transforms(tile, taps)
    values = [
        (a.T @ b).reshape(*[1] * rank, a.shape[1], b.shape[1])
        for a, b in zip(
            _input_points(x, taps, padding, tile),
            _output_points(y, taps, tile),
            strict=True,
        )
    ]
    split = _synthesise(values, matrices.kernel, taps, range(rank))
    merged = merge_phases(split.reshape(1, *[taps] * rank, -1))
    merged = merged.reshape(*merged.shape[1:-1], *shape[-2:])
    return merged[tuple(slice(size) for size in shape[:-2])]


# --- points --------------------------------------------------------------------------


def _input_points(x, taps: int, padding: int, tile: int):
    """B x: for each point, (tiles, phases · channels)."""
    pads = (padding, _STRIDE * (taps - 1) - padding)
    split = split_phases(jnp.pad(x, [(0, 0), *[pads] * (x.ndim - 2), (0, 0)]))
    return _rows(
        _analyse(split, transforms(tile, taps).inputs, tile, range(1, x.ndim - 1))
    )


def _output_points(y, taps: int, tile: int):
    """A y: for each point, (tiles, channels)."""
    return _rows(
        _analyse(y, transforms(tile, taps).outputs, tile, range(1, y.ndim - 1))
    )


def _kernel_points(kernel, tile: int):
    """G w: for each point, (phases · inputs, outputs)."""
    rank, taps = kernel.ndim - 2, _taps_per_phase(kernel.shape)
    odd = [(0, _STRIDE * taps - size) for size in kernel.shape[:-2]]
    padded = jnp.pad(kernel, [*odd, (0, 0), (0, 0)])
    split = split_phases(padded.reshape(1, *padded.shape[:-2], -1))
    split = split.reshape(*[taps] * rank, -1, kernel.shape[-1])
    return _rows(_analyse(split, transforms(tile, taps).kernel, taps, range(rank)))


def _rows(values):
    return [value.reshape(-1, value.shape[-1]) for value in values]


def _taps_per_phase(kernel_shape: Sequence[int]) -> int:
    return -(-kernel_shape[0] // _STRIDE)


# --- windows -------------------------------------------------------------------------


def _analyse(x, matrix: np.ndarray, stride: int, axes: Sequence[int]) -> list:
    """Sums over windows of x, weighted by each row of the matrix, for each axis.

    Windows are as wide as the matrix and `stride` apart. With n rows and k axes it
    returns n^k arrays, the last axis' rows fastest.
    """
    values = [x]
    for axis in axes:
        values = [
            total
            for value in values
            for total in window_sums(value, matrix, stride, axis)
        ]
    return values


def _synthesise(values: list, matrix: np.ndarray, stride: int, axes: Sequence[int]):
    """The adjoint of `_analyse`: windows go back to their places and add up there."""
    rows = len(matrix)
    for axis in reversed(axes):
        groups = [values[i : i + rows] for i in range(0, len(values), rows)]
        values = [add_windows(group, matrix, stride, axis) for group in groups]
    return values[0]
