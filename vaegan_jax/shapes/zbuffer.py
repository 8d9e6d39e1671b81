"""binvox's own way to a solid: carve from six sides, and count crossings.

This is what binvox does unless it is given `-e` (Nooruddin and Turk 2003,
"Simplification and Repair of Polygonal Models Using Volumetric Techniques";
https://www.patrickmin.com/binvox/), with the options that the voxel files of ShapeNet
were made with, `-aw -dc -down` (https://github.com/facebookresearch/meshrcnn/issues/21):
the mesh is drawn with its edges (`-aw`) from six sides on a grid twice as fine; what is
before the surface is carved away up to one voxel from it (`-dc`); a voxel is set if at
least half of the eight fine ones in it are (`-down`).

What is peculiar to those files was found by comparing voxels. `SHAPENET` alone has it,
because it makes holes in thin slanting panels, and thick walls.
"""

import dataclasses
import itertools

import numpy as np
import scipy.ndimage
from jaxtyping import Bool, Float

from vaegan_jax.shapes.rasterize import line_pixels, triangle_pixels

_SUBPIXELS = 256  # whole steps in a pixel, so that an edge is the same from both sides
_DILATION = 1  # fine voxels before the surface that carving leaves


@dataclasses.dataclass(frozen=True)
class Style:
    """Where programs that carve differ.

    Attributes:
      face_offset: faces are drawn deeper than their edges by this times the most that
        they rise within a pixel (OpenGL's `glPolygonOffset`).
      votes: how many of six rays must cross an odd number of faces, for a voxel that
        was carved away to be inside after all.
      keep_thin: whether rods stay that are thinner than a fine voxel, because corners
        are drawn too, and that fill less than half of every voxel.
      walls: how thick a surface is along each axis, in voxels.
    """

    face_offset: float
    votes: int
    keep_thin: bool
    walls: tuple[int, int, int]


# Five votes fill a box without a lid; three would also fill an armchair made of sheets.
CARVE = Style(face_offset=0.0, votes=5, keep_thin=True, walls=(1, 1, 1))
# `-ri` looks for the neighbours of a voxel at the strides of the grid before `-down`.
SHAPENET = Style(face_offset=1.0, votes=3, keep_thin=False, walls=(4, 1, 2))


def solid_voxels(
    triangles: Float[np.ndarray, "n 3 3"], size: int, style: Style = CARVE
) -> Bool[np.ndarray, "x y z"]:
    """The solid that triangles bound; voxel i spans i to i + 1.

    Holes in the mesh do no harm unless an axis runs through them, and then the
    crossings along the other axes still tell inside from outside. Needs some
    4 · (2 · size)³ bytes.
    """
    # Only the box that they are in, with room for the dilation.
    low = np.clip(np.floor(triangles.min(axis=(0, 1))) - 1, 0, size).astype(int)
    high = np.clip(np.ceil(triangles.max(axis=(0, 1))) + 1, 0, size).astype(int)
    triangles = np.rint((triangles - low) * (2 * _SUBPIXELS)) / _SUBPIXELS
    box = tuple((2 * (high - low)).tolist())
    kept = np.ones(box, bool)
    votes = np.zeros(box, np.uint8)
    for axis in range(3):
        first, last, crossings = _look(triangles, axis, box, style)
        w = np.arange(box[axis], dtype=np.int16)
        w = np.expand_dims(w, [other for other in range(3) if other != axis])
        kept &= w >= np.expand_dims(first, axis)
        kept &= w < np.expand_dims(last, axis)
        votes += _rays_inside(crossings, axis)
    kept |= votes >= style.votes
    grid = np.zeros((size, size, size), bool)
    grid[tuple(map(slice, low, high))] = _halved(kept, style)
    return grid


def _halved(kept, style: Style):
    """A grid of half the resolution."""
    for axis in range(3):
        even, odd = (np.moveaxis(kept, axis, 0)[start::2] for start in (0, 1))
        kept = np.moveaxis(even.view(np.uint8) + odd.view(np.uint8), 0, axis)
    half_full = kept >= 4
    if not style.keep_thin:
        return half_full
    return half_full | ((kept > 0) & ~scipy.ndimage.maximum_filter(half_full, 3))


def remove_internal(
    solid: Bool[np.ndarray, "x y z"], style: Style = CARVE
) -> Bool[np.ndarray, "x y z"]:
    """The surface of a solid: without voxels whose neighbours are all set (`-ri`)."""
    internal = solid.copy()
    for axis, wall in enumerate(style.walls):
        inside, along = np.moveaxis(internal, axis, 0), np.moveaxis(solid, axis, 0)
        inside[:wall] = inside[-wall:] = False
        inside[wall:] &= along[:-wall]
        inside[:-wall] &= along[wall:]
    return solid & ~internal


def _look(triangles, axis: int, box: tuple[int, int, int], style: Style):
    """What is seen along an axis w, from both sides, through the pixels (u, v).

    Returns:
      The first voxel of each pixel that carving leaves, and the one after the last.
      Of each voxel, the faces that are crossed below its centre, but not below that of
      the voxel before it; there is one more along w, for those above all centres.
    """
    u_and_v = [other for other in range(3) if other != axis]
    triangles = triangles[..., [*u_and_v, axis]]
    depth, pixels = box[axis], tuple(box[other] for other in u_and_v)
    near = np.full(pixels, float(depth))  # the first surface from below,
    far = np.zeros(pixels)  # and from above
    crossings = np.zeros([box[other] + (other == axis) for other in range(3)], np.uint8)
    for u, v, height, slope in _face_samples(triangles, pixels):
        np.minimum.at(near, (u, v), height + style.face_offset * slope)
        np.maximum.at(far, (u, v), height - style.face_offset * slope)
        above = np.clip(np.ceil(height - 0.5), 0, depth).astype(np.int64)
        np.add.at(np.moveaxis(crossings, axis, -1), (u, v, above), 1)
    thin = [_edge_samples(triangles, pixels)]
    if style.keep_thin:
        thin.append(_corner_samples(triangles, pixels))
    for u, v, height in itertools.chain(*thin):
        np.minimum.at(near, (u, v), height)
        np.maximum.at(far, (u, v), height)
    first = np.floor(near.clip(0, depth) + 0.5) - _DILATION
    last = np.ceil(far.clip(0, depth) - 0.5) + _DILATION
    return first.astype(np.int16), last.astype(np.int16), crossings


def _rays_inside(crossings, axis: int):
    """How many of the rays up and down from a voxel cross an odd number of faces."""
    # Bytes may overflow: that leaves their parity as it is.
    below = np.moveaxis(np.cumsum(crossings, axis=axis, dtype=np.uint8) & 1, axis, 0)
    return np.moveaxis(below[:-1] + (below[:-1] ^ below[-1]), 0, axis)


def _face_samples(triangles, pixels: tuple[int, int]):
    """Pixels (u, v) of faces, in parts, their height and its slope per pixel."""
    normals = np.cross(
        triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    )
    for which, u, v in triangle_pixels(triangles[..., :2], pixels):
        slopes = -normals[which, :2] / normals[which, 2:]
        corner = triangles[which, 0]
        height = corner[:, 2] + slopes[:, 0] * (u + 0.5 - corner[:, 0])
        height += slopes[:, 1] * (v + 0.5 - corner[:, 1])
        yield u, v, height, np.abs(slopes).max(axis=1)


def _edge_samples(triangles, pixels: tuple[int, int]):
    """Pixels (u, v) of the edges of faces, in parts, and their height."""
    edges = triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2, 3)
    for (which, u, v), along in line_pixels(edges[..., :2], pixels):
        yield u, v, edges[which, 0, 2] * (1 - along) + edges[which, 1, 2] * along


def _corner_samples(triangles, pixels: tuple[int, int]):
    """Pixels (u, v) of the corners of faces, in one part, and their height."""
    corners = triangles.reshape(-1, 3)
    u, v = np.floor(corners[:, :2]).astype(np.int64).T
    seen = (u < pixels[0]) & (v < pixels[1])
    yield u[seen], v[seen], corners[seen, 2]
