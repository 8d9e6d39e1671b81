"""Which pixels triangles and lines cover, by the rules of OpenGL.

Positions are in pixels, so that the centre of pixel (i, j) is at (i + ½, j + ½).
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from vaegan_jax.shapes.cells import box_chunks, expand_boxes

Covered = tuple[
    Int[np.ndarray, " m"],  # the triangle or line
    Int[np.ndarray, " m"],  # the first and
    Int[np.ndarray, " m"],  # second index of a pixel that it covers
]


def triangle_pixels(
    corners: Float[np.ndarray, "n 3 2"], shape: tuple[int, int]
) -> Iterator[Covered]:
    """The pixels of an image whose centres lie in triangles, in parts.

    A centre on the edge between two triangles belongs to one of them alone.
    """
    low = np.clip(np.ceil(corners.min(axis=1) - 0.5), 0, shape).astype(np.int64)
    high = np.clip(np.ceil(corners.max(axis=1) - 0.5), 0, shape).astype(np.int64) - 1
    sides = np.roll(corners, -1, axis=1) - corners
    winding = np.sign(sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0])
    sides *= winding[:, None, None]
    for part in box_chunks(low, high):
        which, (i, j) = expand_boxes(low[part], high[part])
        which += part.start
        inside = winding[which] != 0
        for corner in range(3):
            a, b = sides[which, corner].T
            to_i = i + 0.5 - corners[which, corner, 0]
            to_j = j + 0.5 - corners[which, corner, 1]
            left = a * to_j - b * to_i
            inside &= (left > 0) | ((left == 0) & ((b < 0) | ((b == 0) & (a > 0))))
        yield which[inside], i[inside], j[inside]


def line_pixels(
    ends: Float[np.ndarray, "n 2 2"], shape: tuple[int, int]
) -> Iterator[tuple[Covered, Float[np.ndarray, " m"]]]:
    """The pixels that lines of width 1 cover: one in each column or row they cross.

    Yields:
      The pixels of part of the lines, and how far along its line each lies, 0 to 1.
    """
    length = np.abs(ends[:, 1] - ends[:, 0])
    steep = length[:, 1] > length[:, 0]
    for lines, major in ((np.flatnonzero(~steep), 0), (np.flatnonzero(steep), 1)):
        start, stop = ends[lines, 0], ends[lines, 1]
        crossed = np.sort(np.stack([start[:, major], stop[:, major]]), axis=0)
        crossed = np.clip(np.ceil(crossed - 0.5), 0, shape[major])
        low, high = crossed.astype(np.int64)[..., None]
        high -= 1
        for part in box_chunks(low, high):
            which, (column,) = expand_boxes(low[part], high[part])
            a, b = start[part][which], stop[part][which]
            along = (column + 0.5 - a[:, major]) / (b - a)[:, major]
            row = np.floor(a + (b - a) * along[:, None]).astype(np.int64)[:, 1 - major]
            seen = (row >= 0) & (row < shape[1 - major])
            pixels = (row[seen], column[seen]) if major else (column[seen], row[seen])
            yield (lines[part][which[seen]], *pixels), along[seen]
