"""Whether voxels lie and face as their views show them: outlines against outlines."""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, UInt8

from vaegan_jax.shapes.cameras import ViewCamera, numbers_of, project
from vaegan_jax.shapes.colours import NEARLY_WHITE, luma
from vaegan_jax.shapes.frames import known_or_estimated, to_view_frame

_SIZE = 48  # pixels at which outlines are compared
_POINTS = 6000  # of a shape, at most: they fill its outline
_VIEWS = 4  # of each shape that are compared, evenly spaced


def quarter_turns() -> Float[np.ndarray, "24 3 3"]:
    """The rotations of a cube, first none, then those about z."""
    turns = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            turn = np.eye(3)[list(order)] * np.array(signs)[:, None]
            if np.linalg.det(turn) > 0:
                turns.append(turn)
    # As they stand first, then upright ones, each sort in the order of its axes.
    return np.array(sorted(turns, key=lambda turn: (-turn[2, 2], -turn[0, 0])))


def likeness_when_turned(
    grid: Bool[np.ndarray, "x y z"],
    views: UInt8[np.ndarray, "v h w c"],
    cameras: Sequence[ViewCamera],
    scale: float | None = None,
) -> Float[np.ndarray, "24"]:
    """How much the outlines of a turned grid are like those of its views.

    Args:
      grid: occupancy, with at least one voxel.
      views: on white.
      cameras: of the views.
      scale: of the shape, see `Examples`; estimated if it is None or NaN.

    Returns:
      Mean intersection over union, for each of `quarter_turns()`.
    """
    chosen = np.arange(_VIEWS) * len(views) // _VIEWS
    seen = _seen(views[chosen])
    points = _points(grid, scale)
    numbers = numbers_of([cameras[place] for place in chosen])
    likeness = []
    for turn in quarter_turns():
        turned = points @ turn.T
        made = _outlines(turned, numbers)
        shared, either = (seen & made).sum((1, 2)), (seen | made).sum((1, 2))
        likeness.append((shared / np.maximum(either, 1)).mean())
    return np.array(likeness)


class Outlines:
    """The outlines of a grid from anywhere, to compare with that of a view.

    Args:
      grid: occupancy.
    """

    def __init__(self, grid: Bool[np.ndarray, "x y z"]):
        self._points = _points(grid) if grid.any() else None

    def likeness(
        self, view: UInt8[np.ndarray, "h w c"], cameras: Float[np.ndarray, "m 4"]
    ) -> Float[np.ndarray, " m"]:
        """How much the outline from each camera is like that of a view.

        Args:
          view: on white, square.
          cameras: their numbers, see `ViewCamera`.

        Returns:
          Intersection over union; 0 for an empty grid.
        """
        if self._points is None:
            return np.zeros(len(cameras))
        seen = _seen(view[None])[0]
        made = _outlines(self._points, cameras)
        shared, either = (seen & made).sum((1, 2)), (seen | made).sum((1, 2))
        return shared / np.maximum(either, 1)


def _seen(views: UInt8[np.ndarray, "v h w c"]) -> Bool[np.ndarray, "v s s"]:
    """Outlines of views at the size at which they are compared."""
    places = ((np.arange(_SIZE) + 0.5) / _SIZE * views.shape[1]).astype(int)
    return luma(views[:, places][:, :, places]) < NEARLY_WHITE


def _points(
    grid: Bool[np.ndarray, "x y z"], scale: float | None = None
) -> Float[np.ndarray, "n 3"]:
    """Some in the voxels, in the frame of the views."""
    # Cells are larger than what is in them, so not at their corners.
    within = np.array(list(itertools.product((0.35, 0.65), repeat=3)))
    points = (np.argwhere(grid)[:, None] + within).reshape(-1, 3)
    points = points[:: -(-len(points) // _POINTS)]
    return to_view_frame(points / len(grid), *known_or_estimated(grid, scale))


def _outlines(points, cameras: Float[np.ndarray, "m 4"]) -> Bool[np.ndarray, "m s s"]:
    # What is beyond a picture falls onto a border around it.
    places = np.clip(project(points, cameras) * _SIZE + 1, 0, _SIZE + 1).astype(int)
    outlines = np.zeros((len(cameras), _SIZE + 2, _SIZE + 2), bool)
    outlines[np.arange(len(cameras))[:, None], places[..., 0], places[..., 1]] = True
    return outlines[:, 1:-1, 1:-1]
