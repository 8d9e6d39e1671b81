"""Which triangle each pixel of a camera sees first.

Embree finds it where embreex is installed. For the platforms that it has no wheel for,
a rasteriser in NumPy gives the same answer at a third of the speed: still some
hundred times faster than trimesh's own ray caster.
"""

import dataclasses

import numpy as np
import trimesh
from jaxtyping import Bool, Float, Int

from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.rasterize import triangle_pixels


@dataclasses.dataclass(frozen=True)
class Hits:
    """The first hits of the rays through the pixels of one square image.

    Attributes:
      hit: which of the pixels, row by row, see the mesh.
      faces: for each of these, the face that it sees,
      directions: the unit direction of its ray,
      depth: and the distance from the eye.
    """

    hit: Bool[np.ndarray, "pixels"]
    faces: Int[np.ndarray, "hits"]
    directions: Float[np.ndarray, "hits 3"]
    depth: Float[np.ndarray, "hits"]


def first_hits(
    mesh: trimesh.Trimesh,
    camera: Camera,
    eye: Float[np.ndarray, "3"],
    size: int,
    embree: bool = trimesh.ray.has_embree,
) -> Hits:
    """What a camera at an eye sees of a mesh that is all in front of it.

    Args:
      mesh: the mesh, in the camera's frame.
      camera: its field of view counts; it looks from the eye at the origin.
      eye: where it looks from.
      size: height and width of the image in pixels.
      embree: cast rays with Embree; otherwise rasterise.
    """
    directions = camera.ray_directions(eye, size).reshape(-1, 3)
    if embree:
        origins = np.broadcast_to(eye, directions.shape)
        first = mesh.ray.intersects_first(origins, directions)
    else:
        first = _rasterize(mesh, camera, eye, directions)
    hit = first >= 0
    faces, directions = first[hit], directions[hit]
    return Hits(hit, faces, directions, _depth(mesh, eye, faces, directions))


def _depth(mesh, eye, faces, directions) -> Float[np.ndarray, "n"]:
    """Distance along rays from the eye to the planes of faces."""
    normals = mesh.face_normals[faces]
    along = np.einsum("ij,ij->i", normals, directions)
    to_plane = np.einsum("ij,ij->i", normals, mesh.triangles[faces, 0] - eye)
    # Rays in the plane of their face have no distance; no picture shows such a face.
    return to_plane / np.where(np.abs(along) < 1e-9, np.inf, along)


def _rasterize(mesh, camera: Camera, eye, directions) -> Int[np.ndarray, "pixels"]:
    """The face that every pixel sees first, −1 where there is none."""
    size = int(np.sqrt(len(directions)))
    corners = camera.project(mesh.vertices, eye)[mesh.faces] * size
    nearest = np.full(len(directions), np.inf)
    first = np.full(len(directions), -1)
    for which, row, column in triangle_pixels(corners, size):
        pixel = row * size + column
        depth = _depth(mesh, eye, which, directions[pixel])
        nearest_last = np.argsort(-depth, kind="stable")
        which, pixel, depth = (x[nearest_last] for x in (which, pixel, depth))
        nearer = depth < nearest[pixel]
        first[pixel[nearer]], nearest[pixel[nearer]] = which[nearer], depth[nearer]
    return first
