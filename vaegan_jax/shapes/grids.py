"""What may be handed to functions of voxel grids."""

import numpy as np
from jaxtyping import Bool, Float, Shaped

from vaegan_jax.errors import UserError


def checked_occupancy(grid: Shaped[np.ndarray, "..."]) -> Bool[np.ndarray, "x y z"]:
    """A cube of True and False, or of ones and zeros of any type.

    Raises:
      UserError: it is no cube, or holds other values, such as probabilities.
    """
    grid = _checked_cube(grid)
    if grid.dtype == bool:
        return grid
    if not ((grid == 0) | (grid == 1)).all():
        raise UserError(
            f"A voxel grid is of True and False, not of {_told(grid)}; give what is "
            "occupied, of probabilities `grid > expected_iou_threshold(grid)`."
        )
    return grid.astype(bool)


def checked_probabilities(
    grid: Shaped[np.ndarray, "..."],
) -> Float[np.ndarray, "x y z"]:
    """A cube of numbers from 0 to 1, True being 1.

    Raises:
      UserError: it is no cube, or holds other values, such as logits or bytes.
    """
    grid = _checked_cube(grid)
    if not ((grid >= 0) & (grid <= 1)).all():
        raise UserError(f"Occupancy is from 0 to 1, not of {_told(grid)}; scale it.")
    return grid.astype(np.float32)


def _checked_cube(grid: np.ndarray) -> np.ndarray:
    grid = np.asarray(grid)
    if grid.ndim != 3 or len(set(grid.shape)) != 1 or not grid.size:
        raise UserError(f"A voxel grid is a cube (x, y, z), not {grid.shape}.")
    if grid.dtype.kind not in "buif":
        raise UserError(f"A voxel grid is of True and False, not of {grid.dtype}.")
    return grid


def _told(grid: np.ndarray) -> str:
    return f"{grid.dtype} from {grid.min():.3g} to {grid.max():.3g}"
