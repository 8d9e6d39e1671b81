"""New chairs from two: what is above the seat of one on what is below that of another.

Some hundreds of chairs have as many backs and as many legs, but their square of pairs.
A chair is cut where its seat is, which is the fullest of the layers in question; the
legs of the other are stretched to the height and the width of that seat.
"""

import numpy as np
import scipy.ndimage
from jaxtyping import Bool

from data_prep.deformation import join

Voxels = Bool[np.ndarray, "x y z"]
Layer = Bool[np.ndarray, "x y"]

# Shares of a shape's height between which its seat is looked for.
_SEAT = (0.2, 0.7)
# A shell has no flat seat: layers below it belong to it while they are so full, in
# terms of the fullest, and so near.
_SHELL, _NEAR = 0.3, 4
_SHORTEST = 3  # legs, in voxels
_WHOLE = 0.97  # the share of voxels in the largest part that is enough
_NEIGHBOURS = np.ones((3, 3, 3))  # voxels that touch, be it at a corner


def recombine(upper: Voxels, lower: Voxels) -> Voxels | None:
    """A chair with the seat and all above it of one, and the legs of the other.

    Args:
      upper: a grid that is not empty.
      lower: another one of the same size.

    Returns:
      The grid; None if one of them has no legs to speak of, or the two do not meet.
    """
    bottom, seat = _bottom_and_seat(upper)
    other_bottom, other_seat = _bottom_and_seat(lower)
    if min(seat - bottom, other_seat - other_bottom) < _SHORTEST:
        return None
    grid = upper.copy()
    grid[..., : _underside(upper, bottom, seat)] = False

    # Centres of voxels, and places between, from the floor to where the seat begins.
    legs = np.argwhere(join(lower[..., : other_seat + 1])) / 2 + 0.5
    legs = legs[legs[:, 2] < other_seat]
    low, high = _corners(upper[..., seat], bottom, seat)
    other_low, other_high = _corners(lower[..., other_seat], other_bottom, other_seat)
    moved = low + (legs - other_low) / (other_high - other_low) * (high - low)
    cells = np.floor(moved).astype(int)
    cells = cells[((cells >= 0) & (cells < grid.shape)).all(1)]
    grid[tuple(cells.T)] = True
    return _largest_part(grid)


def _bottom_and_seat(voxels: Voxels) -> tuple[int, int]:
    """The lowest layer that is not empty, and that of the seat."""
    areas = voxels.sum((0, 1))
    bottom, top = np.flatnonzero(areas)[[0, -1]]
    height = top + 1 - bottom
    first, last = (bottom + round(share * height) for share in _SEAT)
    last = max(last, first + 1)
    return int(bottom), int(first + areas[first:last].argmax())


def _underside(voxels: Voxels, bottom: int, seat: int) -> int:
    """The lowest layer that still is the seat's."""
    areas = voxels.sum((0, 1))
    layer = seat
    while (
        layer - 1 > bottom
        and seat - layer < _NEAR
        and areas[layer - 1] >= _SHELL * areas[seat]
    ):
        layer -= 1
    return layer


def _corners(layer: Layer, bottom: int, seat: int) -> tuple[np.ndarray, np.ndarray]:
    """The low and the high corner of the box below a seat, which is that layer."""
    low = [np.flatnonzero(layer.any(axis))[0] for axis in (1, 0)]
    high = [np.flatnonzero(layer.any(axis))[-1] + 1 for axis in (1, 0)]
    return np.array([*low, bottom], float), np.array([*high, seat], float)


def _largest_part(grid: Voxels) -> Voxels | None:
    """What hangs together, or None if that is not nearly everything."""
    labels, count = scipy.ndimage.label(grid, _NEIGHBOURS)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    if sizes.max() < _WHOLE * sizes.sum():
        return None
    return labels == 1 + sizes.argmax()
