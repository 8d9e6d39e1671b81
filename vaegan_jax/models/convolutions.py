"""Strided convolutions and their adjoints in two exact formulations.

`plain` is XLA's own convolution, the right choice on GPUs and TPUs. XLA's CPU backend
runs transposed and input-gradient convolutions through a naive loop, fifty to two
hundred times slower than a good library; `gather` therefore writes them as matrix
products. Both compute the same numbers up to rounding.

The idea of `gather`, for any number of spatial axes: output cell `j` of a stride-2
convolution reads element `2j + t` of the padded input for tap `t`. Splitting every axis
into (cell, phase) turns that into phase `t % 2` of cell `j + t // 2`. The taps that
share a shift `t // 2` are read together: one slice and one product per shift, eight for
a kernel of 4³. The transposed convolution is the exact adjoint: products, then shifted
adds. Each one's input gradient is the other's forward pass, and the weight gradient of
both is one product per slice.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Formulation = Literal["plain", "gather"]

_STRIDE = 2

# Bytes of input that `gather` works on at once. Above, it goes through the batch in
# parts: its intermediates are several times as large as its input.
_AT_ONCE = 1 << 25


def default_formulation() -> Formulation:
    """The faster formulation on the backend that computations run on by default."""
    return "gather" if jax.default_backend() == "cpu" else "plain"


def convolve(
    x: Float[Array, "b *n c"],
    kernel: Float[Array, "*k c o"],
    padding: int,
    formulation: Formulation,
) -> Float[Array, "b *m o"]:
    """Cross-correlation with stride 2, as `torch.nn.ConvNd(stride=2)` computes it.

    Args:
      x: input, channels last; every spatial size even.
      kernel: taps, then input and output channels.
      padding: zeros on either side of each spatial axis.
      formulation: "plain" or "gather".

    Returns:
      The output, of half the input's spatial sizes when `2 * padding + 2` equals the
      kernel size or exceeds it by one.
    """
    if formulation == "plain":
        return _plain_convolve(x, kernel, padding)
    return _gather_convolve(x, kernel, padding)


def convolve_transposed(
    y: Float[Array, "b *m o"],
    kernel: Float[Array, "*k c o"],
    padding: int,
    formulation: Formulation,
) -> Float[Array, "b *n c"]:
    """The adjoint of `convolve` for the same kernel: it doubles every spatial size.

    With kernel size 4 and padding 1 this is `torch.nn.ConvTransposeNd(4, 2, 1)`, whose
    own weight is laid out (in, out, taps) = (o, c, *k).
    """
    if formulation == "plain":
        return _plain_convolve_transposed(y, kernel, padding)
    return _gather_convolve_transposed(y, kernel, padding)


# --- plain ---------------------------------------------------------------------------


def _dimension_numbers(rank: int) -> tuple[str, str, str]:
    axes = "xyz"[:rank]
    return f"N{axes}C", f"{axes}IO", f"N{axes}C"


def _plain_convolve(x, kernel, padding):
    rank = x.ndim - 2
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        window_strides=[_STRIDE] * rank,
        padding=[_pads(size, padding) for size in kernel.shape[:-2]],
        dimension_numbers=_dimension_numbers(rank),
    )


def _pads(kernel_size: int, padding: int) -> tuple[int, int]:
    """Padding that halves an even size exactly: the last cell reads 2n - 1 at most."""
    return padding, kernel_size - _STRIDE - padding


def _plain_convolve_transposed(y, kernel, padding):
    rank = y.ndim - 2
    spatial = tuple(range(rank))
    before_after = [_pads(size, padding) for size in kernel.shape[:-2]]
    return jax.lax.conv_general_dilated(
        y,
        jnp.flip(kernel, spatial).swapaxes(-1, -2),
        window_strides=[1] * rank,
        padding=[
            (size - 1 - lo, size - 1 - hi)
            for size, (lo, hi) in zip(kernel.shape[:-2], before_after, strict=True)
        ],
        lhs_dilation=[_STRIDE] * rank,
        dimension_numbers=_dimension_numbers(rank),
    )


# --- gather --------------------------------------------------------------------------


class _Group(NamedTuple):
    """Taps of one axis that read the same cell of the padded, phase-split input."""

    shift: int  # cells
    taps: int  # 1 or 2: phases 0 ... taps - 1


def _groups(kernel_shape: Sequence[int]) -> list[tuple[_Group, ...]]:
    """Every combination, over the axes, of groups of taps with a common shift."""
    per_axis = [
        [_Group(t // _STRIDE, min(_STRIDE, size - t)) for t in range(0, size, _STRIDE)]
        for size in kernel_shape
    ]
    return list(itertools.product(*per_axis))


def _taps(group: tuple[_Group, ...]) -> tuple[slice, ...]:
    """Where the kernel keeps the taps of a group."""
    return tuple(slice(_STRIDE * g.shift, _STRIDE * g.shift + g.taps) for g in group)


def _split_phases(x):
    """(b, n, ..., c) to (b, n/2, ..., 2, ..., c): all cells first, then all phases."""
    rank = x.ndim - 2
    sizes = [s for n in x.shape[1:-1] for s in (n // _STRIDE, _STRIDE)]
    order = [0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1]
    return x.reshape(x.shape[0], *sizes, x.shape[-1]).transpose(order)


def _merge_phases(x):
    """The inverse of `_split_phases`."""
    rank = (x.ndim - 2) // 2
    order = [0, *[a for i in range(rank) for a in (1 + i, 1 + rank + i)], 2 * rank + 1]
    sizes = [_STRIDE * n for n in x.shape[1 : 1 + rank]]
    return x.transpose(order).reshape(x.shape[0], *sizes, x.shape[-1])


def _reads(x, kernel_shape, padding):
    """For every group of taps: what each output cell reads, (b * cells, taps * c)."""
    cells = [n // _STRIDE for n in x.shape[1:-1]]
    # An odd kernel leaves the last phase of the last cell unread; pad to whole cells.
    pads = [(padding, size + size % 2 - _STRIDE - padding) for size in kernel_shape]
    split = _split_phases(jnp.pad(x, [(0, 0), *pads, (0, 0)]))
    for group in _groups(kernel_shape):
        where = [slice(g.shift, g.shift + n) for g, n in zip(group, cells, strict=True)]
        phases = [slice(0, g.taps) for g in group]
        part = split[(slice(None), *where, *phases)]
        yield group, part.reshape(x.shape[0] * math.prod(cells), -1)


def _forward(x, kernel, padding):
    cells = [n // _STRIDE for n in x.shape[1:-1]]
    if min(cells) >= 4 and x.shape[-1] > 1:
        # Away from tiny grids and single channels XLA's forward pass is no naive loop,
        # and twice as fast as gathering.
        return _plain_convolve(x, kernel, padding)
    outputs = kernel.shape[-1]
    reads, rows = [], []
    for group, part in _reads(x, kernel.shape[:-2], padding):
        reads.append(part)
        rows.append(kernel[_taps(group)].reshape(-1, outputs))
    if x.shape[-1] == 1:  # products too thin to be worth doing one by one
        reads, rows = [jnp.concatenate(reads, 1)], [jnp.concatenate(rows)]
    product = sum(part @ row for part, row in zip(reads, rows, strict=True))
    return product.reshape(x.shape[0], *cells, outputs)


def _parts(x):
    """(b, ...) to (parts, b / parts, ...), each part small enough."""
    batch = x.shape[0]
    if not isinstance(batch, int):  # exported for any batch: how many is not known
        return x[None]
    parts = min(batch, -(-x.size * x.dtype.itemsize // _AT_ONCE))
    while batch % parts:
        parts += 1
    return x.reshape(parts, batch // parts, *x.shape[1:])


def _adjoint(y, kernel, padding):
    parts = _parts(y)
    if len(parts) == 1:
        return _adjoint_of_part(y, kernel, padding)
    x = jax.lax.map(lambda part: _adjoint_of_part(part, kernel, padding), parts)
    return x.reshape(y.shape[0], *x.shape[2:])


def _adjoint_of_part(y, kernel, padding):
    """Each tap's product with `y`, added where `_forward` read that tap's input.

    One small product per group: the whole (taps * c) wide intermediate would be eight
    times the size of the result, and is never stored.
    """
    batch, cells = y.shape[0], y.shape[1:-1]
    flat = y.reshape(-1, kernel.shape[-1])
    total = None
    for group in _groups(kernel.shape[:-2]):
        taps = kernel[_taps(group)]
        part = flat @ taps.reshape(-1, kernel.shape[-1]).T
        part = part.reshape(batch, *cells, *taps.shape[:-1])
        reach = [(size - 1) // _STRIDE for size in kernel.shape[:-2]]
        pads = [(g.shift, r - g.shift) for g, r in zip(group, reach, strict=True)]
        pads += [(0, _STRIDE - g.taps) for g in group]
        part = jnp.pad(part, [(0, 0), *pads, (0, 0)])
        total = part if total is None else total + part
    inside = [slice(padding, padding + _STRIDE * n) for n in cells]
    return _merge_phases(total)[(slice(None), *inside)]


def _weight_gradient(x, gradient, kernel_shape, padding):
    parts = _parts(x)
    if len(parts) == 1:
        return _weight_gradient_of_part(x, gradient, kernel_shape, padding)

    def add(total, part):
        return total + _weight_gradient_of_part(*part, kernel_shape, padding), None

    gradients = gradient.reshape(*parts.shape[:2], *gradient.shape[1:])
    start = jnp.zeros(kernel_shape, gradient.dtype)
    return jax.lax.scan(add, start, (parts, gradients))[0]


def _weight_gradient_of_part(x, gradient, kernel_shape, padding):
    flat = gradient.reshape(-1, kernel_shape[-1])
    kernel = jnp.zeros(kernel_shape, gradient.dtype)
    for group, part in _reads(x, kernel_shape[:-2], padding):
        # The smaller dimension first is the faster order of this product.
        block = (flat.T @ part).T
        block = block.reshape(*[g.taps for g in group], *kernel_shape[-2:])
        kernel = kernel.at[_taps(group)].set(block)
    return kernel


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _gather_convolve(x, kernel, padding):
    return _forward(x, kernel, padding)


def _gather_convolve_fwd(x, kernel, padding):
    return _forward(x, kernel, padding), (x, kernel)


def _gather_convolve_bwd(padding, residuals, gradient):
    x, kernel = residuals
    return (
        _adjoint(gradient, kernel, padding),
        _weight_gradient(x, gradient, kernel.shape, padding),
    )


_gather_convolve.defvjp(_gather_convolve_fwd, _gather_convolve_bwd)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _gather_convolve_transposed(y, kernel, padding):
    return _adjoint(y, kernel, padding)


def _gather_convolve_transposed_fwd(y, kernel, padding):
    return _adjoint(y, kernel, padding), (y, kernel)


def _gather_convolve_transposed_bwd(padding, residuals, gradient):
    y, kernel = residuals
    return (
        _forward(gradient, kernel, padding),
        _weight_gradient(gradient, y, kernel.shape, padding),
    )


_gather_convolve_transposed.defvjp(
    _gather_convolve_transposed_fwd, _gather_convolve_transposed_bwd
)
