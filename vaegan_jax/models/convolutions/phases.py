"""Cells of 2 elements along each axis as channels, and back: space to depth."""

from typing import Any

_STRIDE = 2


def split_phases(x: Any) -> Any:
    """(b, n, ..., c) to (b, n/2, ..., phases · c): phases become channels.

    Phases are ordered by axis, the last one fastest; NumPy arrays stay such.
    """
    rank = x.ndim - 2
    sizes = [s for n in x.shape[1:-1] for s in (n // _STRIDE, _STRIDE)]
    order = [0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1]
    split = x.reshape(x.shape[0], *sizes, x.shape[-1]).transpose(order)
    return split.reshape(*split.shape[: 1 + rank], -1)


def merge_phases(x: Any) -> Any:
    """The inverse of `split_phases`."""
    rank = x.ndim - 2
    split = x.reshape(*x.shape[:-1], *[_STRIDE] * rank, -1)
    order = [0, *[a for i in range(rank) for a in (1 + i, 1 + rank + i)], 2 * rank + 1]
    sizes = [_STRIDE * n for n in x.shape[1:-1]]
    return split.transpose(order).reshape(x.shape[0], *sizes, -1)
