"""What can go wrong with a generated shape at a glance: empty, full, in pieces."""

import numpy as np
import scipy.ndimage
from jaxtyping import Bool, Float, Int

# Voxels that share a face, an edge or a corner are connected: surfaces one voxel thin
# run diagonally.
_NEIGHBOURHOOD = np.ones((3, 3, 3), int)


def fill_rate(
    occupied: Bool[np.ndarray, "n x y z"],
) -> Float[np.ndarray, " n"]:
    """The share of filled voxels of each shape."""
    return occupied.mean((1, 2, 3))


def components(
    occupied: Bool[np.ndarray, "n x y z"],
) -> tuple[Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """How many connected parts each shape has, and the largest one's share of it.

    Voxels are connected through faces, edges and corners. Of an empty shape both are 0.
    """
    counts, shares = np.zeros(len(occupied), int), np.zeros(len(occupied))
    for i, grid in enumerate(occupied):
        sizes = parts(grid)[1]
        counts[i] = len(sizes)
        if counts[i]:
            shares[i] = sizes.max() / sizes.sum()
    return counts, shares


def parts(
    occupied: Bool[np.ndarray, "x y z"],
) -> tuple[Int[np.ndarray, "x y z"], Int[np.ndarray, " parts"]]:
    """Which connected part each voxel is of, from 1 on; 0 if empty. And their sizes."""
    labels, _ = scipy.ndimage.label(occupied, _NEIGHBOURHOOD)
    return labels, np.bincount(labels.ravel())[1:]


def health(occupied: Bool[np.ndarray, "n x y z"]) -> dict[str, float]:
    """Shares of empty shapes and of full ones (over half the grid), and means."""
    filled = fill_rate(occupied)
    counts, largest = components(occupied)
    return {
        "empty_share": float((filled == 0).mean()),
        "full_share": float((filled > 0.5).mean()),
        "fill_rate": float(filled.mean()),
        "components": float(counts.mean()),
        "largest_component_share": float(largest.mean()),
    }
