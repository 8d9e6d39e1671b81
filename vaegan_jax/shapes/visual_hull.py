"""What outlines alone say of a shape: Laurentini 1994, "The Visual Hull Concept".

A cell can be in a shape only if every view shows the shape where it shows the cell.
"""

import numpy as np
import scipy.ndimage
from jaxtyping import Bool, Float, UInt8

from vaegan_jax.shapes.cameras import project
from vaegan_jax.shapes.colours import NEARLY_WHITE, luma
from vaegan_jax.shapes.frames import cell_centres, scale_of_box, to_view_frame


def visual_hull(
    views: UInt8[np.ndarray, "v h w c"],
    cameras: Float[np.ndarray, "v 4"],
    resolution: int,
) -> Bool[np.ndarray, "x y z"]:
    """The cells that no view excludes, as a solid.

    What the grid spans, the longest side of the shape, is not known: it is taken from
    the proportions of the hull, which are about the shape's.

    Args:
      views: on white, square.
      cameras: of the views, the numbers of `ViewCamera`.
      resolution: of the grid, in which the shape is centred.
    """
    outlines = luma(views) < NEARLY_WHITE
    centres = cell_centres(resolution).reshape(-1, 3)
    # The longest side that there can be is the diagonal, 1.
    inside = centres[_seen_by_all(centres - 0.5, outlines, cameras)]
    sides = np.ptp(inside, 0) + 1 / resolution if len(inside) else np.ones(3)
    points = to_view_frame(centres, np.float64(scale_of_box(sides)))
    return _seen_by_all(points, outlines, cameras).reshape((resolution,) * 3)


def surface(grid: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x y z"]:
    """The cells of a solid that have a face outside of it."""
    return grid & ~scipy.ndimage.binary_erosion(grid)


def _seen_by_all(
    points: Float[np.ndarray, "n 3"],
    outlines: Bool[np.ndarray, "v h w"],
    cameras: Float[np.ndarray, "v 4"],
) -> Bool[np.ndarray, " n"]:
    """Whether points are in all outlines; what is beyond a picture is in none."""
    kept = np.ones(len(points), bool)
    for outline, camera in zip(outlines, cameras, strict=True):
        left = np.flatnonzero(kept)
        places = np.floor(project(points[left], camera) * len(outline)).astype(int)
        inside = ((places >= 0) & (places < len(outline))).all(1)
        rows, columns = places[inside].T
        kept[left] = False
        kept[left[inside]] = outline[rows, columns]
    return kept
