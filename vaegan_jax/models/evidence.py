"""What pictures show at every cell of a grid, whatever their number and order.

Every view is read at every cell's projection: how much ink is there, and how much of
the outline, sharp, and averaged over squares around it. Ink alone does not tell a light
surface from the edge of a dark one; how much of a square the outline covers tells how
far away its edge is, to a part of a cell. What is read are pixels and not learnt
features, so nothing is differentiated through the projection, whose gradient would be a
scatter. Over views the readings of a cell become numbers that do not depend on their
order:

- means, of each blur, and standard deviations of ink;
- moments by where cameras are: means of readings × the real spherical harmonics of
  degrees 1 and 2 of the direction towards the camera, which say on which side there is
  ink;
- the lowest ones, and the highest of ink: a view without ink excludes a cell, so the
  lowest of all is the visual hull (Laurentini 1994).

Cells come in blocks of 2³, the numbers of a block side by side.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, UInt8, UInt32

from vaegan_jax.models.convolutions.phases import split_phases
from vaegan_jax.shapes.cameras import project
from vaegan_jax.shapes.colours import NEARLY_WHITE, luma
from vaegan_jax.shapes.frames import cell_centres, to_view_frame

# Sides of the squares that ink and outlines are averaged over, in pixels of pictures of
# up to 64². Larger pictures have squares about as large a part of them, so that cells
# are told the same; but the first is always a pixel. Four bytes are one word, so two
# words are looked up for a projection, one of ink and one of outlines.
_SQUARES, _OF = (1, 3, 7, 15), 64
_WITH_MOMENTS, _OUTLINES_WITH_MOMENTS = (0, 1), (1,)  # places among these
_HARMONICS = 8
_LOWS, _OUTLINE_LOWS = 4, 2
_OF_INK = 2 * len(_SQUARES) + len(_WITH_MOMENTS) * _HARMONICS + _LOWS + 1
_OF_OUTLINES = (1 + _OUTLINE_LOWS) * len(_SQUARES)
_OF_OUTLINES += len(_OUTLINES_WITH_MOMENTS) * _HARMONICS
_FEATURES = _OF_INK + _OF_OUTLINES
# Places of some among them: the mean of sharp ink, and the lowest of that.
MEAN, LOWEST = 0, _OF_INK - _LOWS - 1
_BYTE = 8  # bits
_HALF = 2  # cells of a block along each axis


class Evidence(NamedTuple):
    """What R is told of the views of each shape.

    Attributes:
      cells: numbers of the cells of each block of 2³; 0 where nothing is seen.
      views: of all views: 1 / (1 + their number), and the mean of the harmonics.
    """

    cells: Float[Array, "b x y z 8*f"]
    views: Float[Array, "b s"]


def no_evidence(batch: int, resolution: int) -> Evidence:
    """What `read_views` says of shapes without a view."""
    cells = jnp.zeros((batch, *(resolution // _HALF,) * 3, _HALF**3 * _FEATURES))
    count, harmonics = jnp.ones((batch, 1)), jnp.zeros((batch, _HARMONICS))
    return Evidence(cells, jnp.concatenate([count, harmonics], 1))


def read_views(
    views: UInt8[Array, "b v h w c"],
    cameras: Float[Array, "b v 4"],
    scales: Float[Array, " b"],
    middles: Float[Array, "b 3"],
    resolution: int,
    chosen: Bool[Array, "b v"] | None = None,
) -> Evidence:
    """Reads all views at all cells.

    Args:
      views: on white, square.
      cameras: the numbers of `ViewCamera`; a view whose camera is not known, NaN, is
        not read.
      scales: of the grids, see `frames.to_view_frame`.
      middles: of the shapes in the grids, see there.
      resolution: cells along each side of the grid, even.
      chosen: the views that count; None is all.
    """
    cameras, seen = seen_views(cameras, chosen)
    seen = seen.astype(jnp.float32)
    grey = luma(views)
    places = _places(cameras, scales, middles, resolution)
    pictures = jnp.stack([_blurred(255 - grey), _blurred(_outline(grey))])
    # Else XLA would average squares anew wherever a pixel is looked up.
    pictures = jax.lax.optimization_barrier(pictures)
    ink, outlines = _look_up(pictures, places)
    count = seen.sum(1, keepdims=True)
    weights = (seen / jnp.maximum(count, 1))[..., None]
    harmonics = _harmonics(cameras) * weights
    # XLA would compute all of it again for each number that comes of it.
    ink, outlines, weights, harmonics = jax.lax.optimization_barrier(
        (ink, outlines, weights, harmonics)
    )
    features = _of_ink(ink, weights, harmonics, seen)
    features += _of_outlines(outlines, weights, harmonics, seen)
    size = resolution // _HALF
    cells = jnp.stack(features, -1).reshape(-1, size, size, size, _HALF**3 * _FEATURES)
    summary = _summary(count, harmonics)
    return Evidence(*jax.lax.stop_gradient((cells, summary)))


def _of_ink(
    words: UInt32[Array, "b v n"],
    weights: Float[Array, "b v 1"],
    harmonics: Float[Array, "b v 8"],
    seen: Float[Array, "b v"],
) -> list[Float[Array, "b n"]]:
    features = []
    for square in range(len(_SQUARES)):
        ink = _unpack(words, square)
        (mean,) = _weighed(weights, ink)
        (power,) = _weighed(weights, ink**2)
        features += [mean, jnp.sqrt(jnp.maximum(power - mean**2, 0.0))]
        if square in _WITH_MOMENTS:
            features += _weighed(harmonics, ink)
    highest = jnp.where(seen[..., None] == 0, 0.0, _unpack(words, 0)).max(1)
    (lowest,) = _lowest(words, seen, _LOWS, squares=[0])
    return [*features, *lowest, highest]


def _of_outlines(
    words: UInt32[Array, "b v n"],
    weights: Float[Array, "b v 1"],
    harmonics: Float[Array, "b v 8"],
    seen: Float[Array, "b v"],
) -> list[Float[Array, "b n"]]:
    features = []
    of_all = range(len(_SQUARES))
    for square, lowest in enumerate(_lowest(words, seen, _OUTLINE_LOWS, of_all)):
        covered = _unpack(words, square)
        features += [*_weighed(weights, covered), *lowest]
        if square in _OUTLINES_WITH_MOMENTS:
            features += _weighed(harmonics, covered)
    return features


def seen_views(
    cameras: Float[Array, "b v 4"], chosen: Bool[Array, "b v"] | None
) -> tuple[Float[Array, "b v 4"], Bool[Array, "b v"]]:
    """Cameras that are numbers, and which of the views are to be read."""
    known = jnp.isfinite(cameras).all(-1)
    cameras = jnp.where(known[..., None], cameras, 1.0)  # whatever, but a number
    return cameras, known if chosen is None else known & chosen


def summarise(
    cameras: Float[Array, "b v 4"], seen: Bool[Array, "b v"]
) -> Float[Array, "b s"]:
    """`Evidence.views` of these."""
    seen = seen.astype(jnp.float32)
    count = seen.sum(1, keepdims=True)
    weights = (seen / jnp.maximum(count, 1))[..., None]
    return _summary(count, _harmonics(cameras) * weights)


def _summary(
    count: Float[Array, "b 1"], harmonics: Float[Array, "b v 8"]
) -> Float[Array, "b s"]:
    return jnp.concatenate([1 / (1 + count), harmonics.sum(1)], 1)


def squares(size: int) -> list[int]:
    """Sides of the squares, odd numbers, in pictures of so many pixels a side."""
    first, *others = _SQUARES
    size = max(size, _OF)
    return [first, *((side * size // _OF - 1) // 2 * 2 + 1 for side in others)]


def _outline(grey: UInt8[Array, "b v h w"]) -> UInt8[Array, "b v h w"]:
    """255 where a picture shows the shape, 0 where it shows the background."""
    return jnp.where(grey < NEARLY_WHITE, 255, 0).astype(jnp.uint8)


def _blurred(levels: UInt8[Array, "b v h w"]) -> UInt32[Array, "b v h w"]:
    """Averages over squares around each pixel, a byte of each word for each.

    Beyond a picture's edge there is nothing.
    """
    words = jnp.zeros(levels.shape, jnp.uint32)
    for index, side in enumerate(squares(levels.shape[2])):
        average = _sums(levels.astype(jnp.float32), side) / side**2
        words |= jnp.round(average).astype(jnp.uint32) << (index * _BYTE)
    return words


def _sums(levels: Float[Array, "b v h w"], side: int) -> Float[Array, "b v h w"]:
    """Of the square around each pixel; of whole numbers they are exact."""
    for window in ((1, 1, side, 1), (1, 1, 1, side)):
        levels = jax.lax.reduce_window(
            levels, 0.0, jax.lax.add, window, window_strides=(1,) * 4, padding="SAME"
        )
    return levels


def _unpack(words: UInt32[Array, "*n"], square: int) -> Float[Array, "*n"]:
    """Ink, or how much the outline covers, from 0 to 1."""
    return _byte(words, square).astype(jnp.float32) / 255


def _byte(words: UInt32[Array, "*n"], square: int) -> UInt32[Array, "*n"]:
    return (words >> (square * _BYTE)) & 255


def _places(
    cameras: Float[Array, "b v 4"],
    scales: Float[Array, " b"],
    middles: Float[Array, "b 3"],
    resolution: int,
) -> Float[Array, "b v n 2"]:
    """Where each view shows each cell, see `project`; block after block."""
    centres = np.float32(cell_centres(resolution))[None]
    centres = split_phases(centres).reshape(-1, 3)
    points = to_view_frame(centres, scales, middles, jnp)
    return project(points[:, None], cameras, jnp)


def _look_up(
    pictures: UInt32[Array, "k b v h w"], places: Float[Array, "b v n 2"]
) -> UInt32[Array, "k b v n"]:
    """The pixel of each picture at each place; 0, nothing, outside of it."""
    _, batch, count, *size = pictures.shape
    row, column = (
        jnp.floor(places[..., axis] * size[axis]).astype(jnp.int32) for axis in (0, 1)
    )
    inside = (row >= 0) & (row < size[0]) & (column >= 0) & (column < size[1])
    first = jnp.arange(batch * count).reshape(batch, count, 1) * (size[0] * size[1])
    index = jnp.where(inside, first + row * size[1] + column, 0)
    found = [
        picture.reshape(-1).at[index].get(mode="promise_in_bounds")
        for picture in pictures
    ]
    return jnp.where(inside, jnp.stack(found), jnp.uint32(0))


def _harmonics(cameras: Float[Array, "b v 4"]) -> Float[Array, "b v 8"]:
    """Spherical harmonics of the directions to cameras, but for constant factors."""
    azimuth, elevation = jnp.deg2rad(cameras[..., 0]), jnp.deg2rad(cameras[..., 1])
    x = jnp.sin(azimuth) * jnp.cos(elevation)
    y = -jnp.cos(azimuth) * jnp.cos(elevation)
    z = jnp.sin(elevation)
    second = [2 * x * y, x**2 - y**2, 2 * x * z, 2 * y * z, 3 * z**2 - 1]
    return jnp.stack([x, y, z, *second], -1)


def _weighed(
    weights: Float[Array, "b v k"], values: Float[Array, "b v n"]
) -> list[Float[Array, "b n"]]:
    """Sums over views with each of the weights.

    Written out they are twice as fast on a CPU as a product of matrices so thin; of an
    exported model's any number of views they are that.
    """
    if not isinstance(values.shape[1], int):
        return list(jnp.einsum("bvk,bvn->kbn", weights, values))
    return [
        sum(weights[:, v, k, None] * values[:, v] for v in range(values.shape[1]))
        for k in range(weights.shape[2])
    ]


def _lowest(
    words: UInt32[Array, "b v n"],
    seen: Float[Array, "b v"],
    count: int,
    squares: Sequence[int],
) -> list[list[Float[Array, "b n"]]]:
    """The lowest readings of each square, in order; where there are fewer views, 1.

    They are compared as bytes, of which a core takes four times as many at once.
    """

    def insert(lowest, word):
        return [
            _insert(of_square, _byte(word, square).astype(jnp.uint8))
            for square, of_square in zip(squares, lowest, strict=True)
        ], None

    words = jnp.where(seen[..., None] == 0, jnp.uint32(2**32 - 1), words)
    none = jnp.full_like(words[:, 0], 255, jnp.uint8)
    start = [[none] * count for _ in squares]
    lowest, _ = jax.lax.scan(insert, start, words.swapaxes(0, 1))
    some = (seen > 0).any(1, keepdims=True)
    return [
        [jnp.where(some, low.astype(jnp.float32) / 255, 0.0) for low in of_square]
        for of_square in lowest
    ]


def _insert(
    lowest: list[UInt8[Array, "b n"]], reading: UInt8[Array, "b n"]
) -> list[UInt8[Array, "b n"]]:
    """The lowest of these and one more, in order."""
    kept = []
    for low in lowest:
        kept.append(jnp.minimum(low, reading))
        reading = jnp.maximum(low, reading)
    return kept
