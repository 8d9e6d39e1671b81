"""What a person sees at a glance is wrong with a shape, and distances of sets do not.

Each measure is of one shape and needs no other. All are faults, but real shapes have
some of them, too: a slope has steps. So samples are compared with real shapes, of the
same resolution, as the size of a cell counts. An empty shape has every fault: 1.
"""

import itertools
from collections.abc import Callable

import numpy as np
import scipy.spatial
from jaxtyping import Bool, Float, Int

from vaegan_jax.metrics.health import parts
from vaegan_jax.metrics.points import surface_area

Grid = Bool[np.ndarray, "x y z"]
Grids = Bool[np.ndarray, "n x y z"]
Faults = Float[np.ndarray, " n"]

# Parts with fewer voxels than this share of the largest one's are small.
SMALL = 0.05

_LINE = 5  # cells
_PAD = _LINE - 1  # so that nothing moved comes in on the other side
# A line in each of the 13 directions to a neighbour, and a square in each plane.
_LINES = [
    np.arange(_LINE)[:, None] * direction
    for direction in itertools.product((-1, 0, 1), repeat=3)
    if direction > (0, 0, 0)
]
_SQUARES = [
    np.array([first * a + second * b for first in (0, 1) for second in (0, 1)])
    for a, b in itertools.combinations(np.eye(3, dtype=int), 2)
]


def burrs(occupied: Grids) -> Faults:
    """What an opening by one cell removes, as a share of the cells of the surface.

    A cell stays that is of a square of 2 × 2 filled cells in a plane of the grid, or
    of a straight line of 5, also a diagonal one: seats and legs are often one cell
    thin. A union of openings is an opening (Matheron 1975).
    """

    def removed(grid: Grid) -> Grid:
        return grid & ~_opened(grid, [*_SQUARES, *_LINES], around=False)

    return _of_each(occupied, lambda grid: removed(grid).sum() / _surface(grid))


def pits(occupied: Grids) -> Faults:
    """What a closing by one cell adds, as a share of the cells of the surface.

    An empty cell stays that is of a square of 2 × 2 empty ones in a plane of the grid.
    No lines, which go through a hole in a seat. Slits stay.
    """

    def added(grid: Grid) -> Grid:
        return ~grid & ~_opened(~grid, _SQUARES, around=True)

    return _of_each(occupied, lambda grid: added(grid).sum() / _surface(grid))


def _opened(grid: Grid, elements: list[np.ndarray], around: bool) -> Grid:
    """The union of openings by sets of cells (k, 3); `around` the grid is that."""
    padded = np.pad(grid, _PAD, constant_values=around)
    opened = np.zeros_like(padded)
    for element in elements:
        eroded = np.logical_and.reduce([_moved(padded, -step) for step in element])
        opened |= np.logical_or.reduce([_moved(eroded, step) for step in element])
    return opened[_PAD:-_PAD, _PAD:-_PAD, _PAD:-_PAD]


def _moved(grid: Grid, step: Int[np.ndarray, " 3"]) -> Grid:
    return np.roll(grid, tuple(step), (0, 1, 2))


def _surface(grid: Grid) -> int:
    return int(np.count_nonzero(surface_area(grid)))


def corners(occupied: Grids) -> Faults:
    """How much of the surface turns in more than one direction.

    Of the points of the grid where the 8 cells around are not alike, the share of
    those around which they change along all three axes: neither on a face nor on a
    straight edge.
    """
    return _of_each(occupied, _corner_share)


def _corner_share(grid: Grid) -> float:
    around = np.lib.stride_tricks.sliding_window_view(np.pad(grid, 1), (2, 2, 2))
    changes = np.stack(
        [
            (around.take(0, axis) != around.take(1, axis)).any((-2, -1))
            for axis in (-3, -2, -1)
        ]
    )
    return float(changes.all(0).sum() / changes.any(0).sum())


def falls(occupied: Grids) -> Faults:
    """1 for a shape that would not stand on the ground as one thing, 0 for others.

    It stands if every connected part fills some of the lowest filled layer, and the
    centre of mass is above the convex hull of what is filled there.
    """
    return _of_each(occupied, lambda grid: float(not _stands(grid)))


def _stands(grid: Grid) -> bool:
    labels, sizes = parts(grid)
    ground = labels[:, :, grid.any((0, 1)).argmax()]
    if len(np.unique(ground[ground > 0])) < len(sizes):
        return False
    cells = np.argwhere(ground > 0)
    ends = np.array(list(itertools.product((-0.5, 0.5), repeat=2)))
    hull = scipy.spatial.ConvexHull((cells[:, None] + ends).reshape(-1, 2))
    centre = np.argwhere(grid)[:, :2].mean(0)
    return bool((hull.equations @ [*centre, 1] <= 1e-9).all())


def asymmetry(occupied: Grids) -> Faults:
    """1 − IoU of a shape and its mirror image, left and right (x) exchanged."""

    def of_grid(grid: Grid) -> float:
        mirrored = grid[::-1]
        return 1 - (grid & mirrored).sum() / (grid | mirrored).sum()

    return _of_each(occupied, of_grid)


def small_parts(occupied: Grids) -> Grids:
    """The voxels of parts that are small beside the largest one of their shape.

    Real chairs have none: `scripts/evaluate.py` tells the share of their voxels.
    """
    small = np.zeros_like(occupied)
    for found, grid in zip(small, occupied, strict=True):
        labels, sizes = parts(grid)
        if len(sizes):
            found[:] = np.append(False, sizes < SMALL * sizes.max())[labels]
    return small


def quality(occupied: Grids) -> dict[str, float]:
    """Means over shapes of every measure, and the share of voxels in small parts."""
    measured = {f.__name__: f for f in (burrs, pits, corners, falls, asymmetry)}
    values = {name: float(f(occupied).mean()) for name, f in measured.items()}
    small = small_parts(occupied).sum() / max(occupied.sum(), 1)
    return values | {"small_parts": float(small)}


def _of_each(occupied: Grids, fault: Callable[[Grid], float]) -> Faults:
    return np.array([fault(grid) if grid.any() else 1.0 for grid in occupied], float)
