"""Where the cells of a grid are for the cameras of its views.

A camera sees a shape centred at the origin, the diagonal of its bounding box 1. A grid
spans the longest side of that box, whose length is the *scale* of the shape. So

    project(to_view_frame(cell_centres(32).reshape(-1, 3), scale), camera)

is where a camera sees every cell. What takes `xp` works for NumPy and JAX alike, and
is differentiable there in points, scales and middles.
"""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

# Ends of a bounding box are rounded outwards to whole cells, half a cell on average.
_ROUNDED = 0.5
# By how many cells a side of the grid's box may differ from the shape's: two more if
# every voxel that is touched is set, one less if only those are that are mostly filled.
_MORE, _LESS = 2.0, 1.0
_WRITTEN = 1e-4  # files tell some decimals


def cell_centres(resolution: int, xp: ModuleType = np) -> Any:
    """The centres of all cells (x, y, z, 3), from 0 to 1 along each side of a grid."""
    along = (xp.arange(resolution) + 0.5) / resolution
    return xp.stack(xp.meshgrid(along, along, along, indexing="ij"), axis=-1)


def to_view_frame(
    points: Any, scales: Any, middles: Any = 0.5, xp: ModuleType = np
) -> Any:
    """Points of grids in the frame of their views, as `cameras.project` takes them.

    Args:
      points: (..., n, 3), from 0 to 1 along each side of the grid: cell i of r spans
        i / r to (i + 1) / r.
      scales: (...), as of `Examples`: sides of the grids in diagonals.
      middles: (..., 3), of the shapes' bounding boxes in the grids. By default grids
        are centred; where the shapes start at a corner, `estimate` tells the middles.
      xp: NumPy, or a module like it.

    Returns:
      (..., n, 3).
    """
    middles = xp.broadcast_to(xp.asarray(middles), (*xp.shape(scales), 3))
    return (points - middles[..., None, :]) * xp.asarray(scales)[..., None, None]


def estimate(grids: Any, xp: ModuleType = np) -> tuple[Any, Any]:
    """Scales and middles of shapes, where their grids alone are known.

    Cells tell a side of the bounding box but for what they round: half a cell at most
    at each of its ends, of sides shorter than the longest, which is thought to end with
    a cell.

    Args:
      grids: (..., x, y, z), occupancy; an empty one counts as a full one.
      xp: NumPy, or a module like it.

    Returns:
      Scales (...) and middles (..., 3), see `to_view_frame`. A middle within half a
      cell of the grid's counts as that.
    """
    size = grids.shape[-1]
    ends = []
    for axis in (-3, -2, -1):
        others = tuple(other for other in (-3, -2, -1) if other != axis)
        along = grids.astype(bool).any(axis=others)
        ends.append((along.argmax(-1), size - along[..., ::-1].argmax(-1)))
    low, high = (xp.stack(both, axis=-1) for both in zip(*ends, strict=True))
    sides, middles = high - low, (low + high) / 2
    longest = sides.max(axis=-1, keepdims=True)
    sides = xp.where(sides < longest, sides - 2 * _ROUNDED, sides)
    middles = xp.where(xp.abs(middles - size / 2) <= _ROUNDED, size / 2, middles)
    return size / xp.sqrt((sides**2).sum(-1)), middles / size


def known_or_estimated(
    grid: Bool[np.ndarray, "x y z"], scale: float | None = None
) -> tuple[float, Float[np.ndarray, "3"]]:
    """Scale and middle of one shape; its own scale unless that is None or NaN."""
    estimated, middle = estimate(grid)
    return float(estimated) if scale is None or np.isnan(scale) else scale, middle


def scale_of_box(sides: Sequence[float] | Float[np.ndarray, "3"]) -> float:
    """The scale of a shape whose bounding box has these sides, one at least not 0."""
    sides = np.asarray(sides, float) / np.max(sides)  # huge ones have no squares
    return float(1 / np.linalg.norm(sides))


def scale_of_file(side: float, grid: Bool[np.ndarray, "x y z"]) -> float:
    """The scale of a shape, if the file of its grid tells it.

    Args:
      side: of the grid, in the units of the mesh that it was made of; may be NaN.
      grid: occupancy, not empty.

    Returns:
      The side, if it is from 1 / √3 to 1 and the diagonal of the shape's bounding box
      may then be 1, as in ShapeNet; else NaN, for the units tell nothing of the views.
    """
    if not 3**-0.5 - _WRITTEN <= side <= 1:
        return float("nan")
    occupied = np.argwhere(grid)
    sides = occupied.max(0) + 1.0 - occupied.min(0)
    whole = sides == len(grid)  # as the longest one should be
    least = np.where(whole, sides, np.maximum(sides - _MORE, 0))
    most = np.where(whole, sides, sides + _LESS)
    shortest, longest = (side / len(grid) * np.linalg.norm(s) for s in (least, most))
    may_be = shortest <= 1 <= longest + _WRITTEN
    return float(side) if may_be else float("nan")
