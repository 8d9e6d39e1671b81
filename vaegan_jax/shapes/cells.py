"""Lists of the cells of many boxes at once."""

import numpy as np
from jaxtyping import Int


def expand_boxes(
    low: Int[np.ndarray, "n k"], high: Int[np.ndarray, "n k"]
) -> tuple[Int[np.ndarray, "m"], list[Int[np.ndarray, "m"]]]:
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
