"""Lists of the cells of many boxes at once."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

_CELLS_AT_ONCE = 1 << 21


def expand_boxes(
    low: Int[np.ndarray, "n k"], high: Int[np.ndarray, "n k"]
) -> tuple[Int[np.ndarray, " m"], list[Int[np.ndarray, " m"]]]:
    """Every cell of n boxes of cells, `high` inclusive; boxes may be empty.

    Returns:
      The box that each cell is of, and the k coordinates of the cells.
    """
    counts = np.maximum(high - low + 1, 0)
    per_box = counts.prod(axis=1)
    which = np.repeat(np.arange(len(low)), per_box)
    rank = np.arange(len(which)) - np.repeat(np.cumsum(per_box) - per_box, per_box)
    cells = []
    for axis in range(low.shape[1]):
        cells.append(low[which, axis] + rank % counts[which, axis])
        rank = rank // counts[which, axis]
    return which, cells


def box_chunks(
    low: Int[np.ndarray, "n k"], high: Int[np.ndarray, "n k"]
) -> Iterator[slice]:
    """Slices of boxes whose cells together take little memory, one box at least."""
    total = np.cumsum(np.maximum(high - low + 1, 0).prod(axis=1))
    start = 0
    while start < len(low):
        before = total[start - 1] if start else 0
        stop = np.searchsorted(total, before + _CELLS_AT_ONCE, side="right")
        stop = max(int(stop), start + 1)
        yield slice(start, stop)
        start = stop
