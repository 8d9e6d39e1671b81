"""Polygons of files, and the triangles that they become."""

import collections
import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import manifold3d
import numpy as np
from jaxtyping import Bool, Float, Int

from vaegan_jax.errors import UserError

_MOST_CORNERS = 20_000  # of a concave polygon: clipping its ears takes their square


@dataclasses.dataclass(frozen=True)
class Polygons:
    """A surface as files hold it.

    Attributes:
      vertices: in the units of the file.
      faces: indices of their corners, from 0; those of as many corners together.
      vertex_colours: see `colours`; None if they have none, or none are asked for.
      face_colours: as many, in the same order, as there are faces; None likewise.
    """

    vertices: Float[np.ndarray, "v 3"]
    faces: Sequence[Int[np.ndarray, "_ _"]]
    vertex_colours: Float[np.ndarray, "v 3"] | None = None
    face_colours: Sequence[Float[np.ndarray, "_ 3"]] | None = None


def group_faces(faces: Iterable[Sequence[int]]) -> list[Int[np.ndarray, "_ _"]]:
    """Faces of various numbers of corners, as `Polygons` has them."""
    return [
        np.array(group, np.int64).reshape(len(group), corners)
        for corners, group in _by_corners((len(face), face) for face in faces)
    ]


def group_colours(
    corners: Iterable[int], colours: Float[np.ndarray, "n 3"]
) -> list[Float[np.ndarray, "_ 3"]]:
    """Colours of faces of so many corners, in the groups that `group_faces` makes."""
    pairs = zip(corners, colours, strict=True)
    return [np.stack(group) for _, group in _by_corners(pairs)]


def _by_corners(pairs: Iterable[tuple[int, Any]]) -> list[tuple[int, list]]:
    groups = collections.defaultdict(list)
    for corners, value in pairs:
        groups[corners].append(value)
    return sorted(groups.items())


def check_indices(polygons: Polygons) -> None:
    """Raises UserError for a corner that is no vertex."""
    for faces in polygons.faces:
        if faces.size and not 0 <= faces.min() <= faces.max() < len(polygons.vertices):
            raise UserError("a face refers to a vertex that is not there")


def triangulate(
    polygons: Polygons,
) -> tuple[Int[np.ndarray, "t 3"], Int[np.ndarray, " t"]]:
    """Triangles of the polygons, which may be concave and not quite plane.

    Convex ones become fans. The ears of others are clipped, on the plane of two axes
    that they face most (Manifold, https://github.com/elalish/manifold). Every corner
    stays one of a triangle, so polygons that fit together still do. Faces of one or
    two corners are points and lines, and left out.

    Returns:
      The triangles, and of which polygon each is a part, all faces counted in order.

    Raises:
      UserError: if a concave polygon has more corners than can be dealt with.
    """
    triangles, wholes = [np.zeros((0, 3), np.int64)], [np.zeros(0, np.int64)]
    end = 0
    for faces in polygons.faces:
        corners = faces.shape[1]
        numbers = np.arange(end, end := end + len(faces))
        if corners < 3:
            continue
        concave = np.zeros(len(faces), bool)
        if corners > 3:
            flat = _flatten(polygons.vertices[faces])
            concave = ~_are_convex(flat)
        triangles.append(_fans(faces[~concave]))
        wholes.append(np.repeat(numbers[~concave], corners - 2))
        for i in np.flatnonzero(concave):
            if corners > _MOST_CORNERS:
                raise UserError(
                    f"a concave face has {corners:,} corners, and {_MOST_CORNERS:,} "
                    "are read; triangulate it, in Blender say"
                )
            triangles.append(faces[i][manifold3d.triangulate([flat[i]])])
            wholes.append(np.full(len(triangles[-1]), numbers[i]))
    return np.concatenate(triangles), np.concatenate(wholes)


def _fans(faces: Int[np.ndarray, "n corners"]) -> Int[np.ndarray, "t 3"]:
    first = np.broadcast_to(faces[:, :1], faces[:, 2:].shape)
    return np.stack([first, faces[:, 1:-1], faces[:, 2:]], axis=-1).reshape(-1, 3)


def _flatten(corners: Float[np.ndarray, "n k 3"]) -> Float[np.ndarray, "n k 2"]:
    """Polygons on the plane of the axes that they face most, counter-clockwise."""
    corners = corners - corners[:, :1]
    # Newell's normal: twice the areas of the projections to the three planes.
    normals = np.cross(corners, np.roll(corners, -1, axis=1)).sum(axis=1)
    facing = np.abs(normals).argmax(axis=1)
    rows = np.arange(len(corners))
    axes = np.stack([(facing + 1) % 3, (facing + 2) % 3], axis=1)
    backwards = normals[rows, facing] < 0
    axes[backwards] = axes[backwards, ::-1]
    return np.take_along_axis(corners, axes[:, None], axis=2)


def _are_convex(flat: Float[np.ndarray, "n k 2"]) -> Bool[np.ndarray, " n"]:
    """Whether counter-clockwise polygons turn right at no corner."""
    u, v = np.moveaxis(np.roll(flat, -1, axis=1) - flat, -1, 0)
    turns = u * np.roll(v, -1, axis=1) - v * np.roll(u, -1, axis=1)
    rounding = 1e-12 * np.abs(turns).max(axis=1, keepdims=True)
    return (turns >= -rounding).all(axis=1)
