"""Whether voxels lie and face as their views show them: outlines against outlines."""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, UInt8

from vaegan_jax.shapes.cameras import Camera, ViewCamera
from vaegan_jax.shapes.colours import luma
from vaegan_jax.shapes.pictures.framing import NEARLY_WHITE

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
) -> Float[np.ndarray, "24"]:
    """How much the outlines of a turned grid are like those of its views.

    Args:
      grid: occupancy, with at least one voxel.
      views: on white.
      cameras: of the views.

    Returns:
      Mean intersection over union, for each of `quarter_turns()`.
    """
    chosen = np.arange(_VIEWS) * len(views) // _VIEWS
    seen = _seen(views[chosen])
    points = _points(grid)
    cameras = [cameras[place] for place in chosen]
    likeness = []
    for turn in quarter_turns():
        turned = points @ turn.T
        made = np.stack([_outline(turned, one) for one in cameras])
        shared, either = (seen & made).sum((1, 2)), (seen | made).sum((1, 2))
        likeness.append((shared / np.maximum(either, 1)).mean())
    return np.array(likeness)


def outline_likeness(
    grid: Bool[np.ndarray, "x y z"], view: UInt8[np.ndarray, "h w c"], camera: Camera
) -> float:
    """How much a grid's outline is like that of a view: 1 if they are the same.

    Args:
      grid: occupancy.
      view: on white, square.
      camera: from whose places the grid is looked at; the best of them counts.

    Returns:
      Intersection over union; 0 for an empty grid.
    """
    if not grid.any():
        return 0.0
    seen, points = _seen(view[None])[0], _points(grid)
    made = np.stack([_outline(points, one) for one in camera.views()])
    shared, either = (seen & made).sum((1, 2)), (seen | made).sum((1, 2))
    return float((shared / np.maximum(either, 1)).max())


def _seen(views: UInt8[np.ndarray, "v h w c"]) -> Bool[np.ndarray, "v s s"]:
    """Outlines of views at the size at which they are compared."""
    places = ((np.arange(_SIZE) + 0.5) / _SIZE * views.shape[1]).astype(int)
    return luma(views[:, places][:, :, places]) < NEARLY_WHITE


def _points(grid: Bool[np.ndarray, "x y z"]) -> Float[np.ndarray, "n 3"]:
    """Some in the voxels, framed as renderings are: see `render.normalized`."""
    within = np.array(list(itertools.product((0.25, 0.75), repeat=3)))
    points = (np.argwhere(grid)[:, None] + within).reshape(-1, 3)
    low, high = points.min(0) - 0.25, points.max(0) + 0.25
    points = points[:: -(-len(points) // _POINTS)]
    return (points - (low + high) / 2) / np.linalg.norm(high - low)


def _outline(points, camera: ViewCamera) -> Bool[np.ndarray, "h w"]:
    places = np.floor(camera.project(points) * _SIZE).astype(int)
    rows, columns = places[((places >= 0) & (places < _SIZE)).all(1)].T
    outline = np.zeros((_SIZE, _SIZE), bool)
    outline[rows, columns] = True
    return outline
