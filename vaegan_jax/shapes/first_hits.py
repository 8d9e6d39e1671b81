"""Which triangle each pixel of a camera sees first.

Embree finds it where embreex is installed. For the platforms that it has no wheel for,
a rasteriser in NumPy gives the same answer at a fifth to an eighth of the speed: still
far faster than trimesh's own ray caster.
"""

import dataclasses

import numpy as np
import trimesh
from jaxtyping import Bool, Float, Int

from vaegan_jax.shapes.cameras import ViewCamera
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

    hit: Bool[np.ndarray, " pixels"]
    faces: Int[np.ndarray, " hits"]
    directions: Float[np.ndarray, "hits 3"]
    depth: Float[np.ndarray, " hits"]


def first_hits(
    mesh: trimesh.Trimesh,
    camera: ViewCamera,
    size: int,
    embree: bool = trimesh.ray.has_embree,
) -> Hits:
    """What a camera sees of a mesh that is all in front of it.

    Args:
      mesh: the mesh, in the camera's frame.
      camera: that of the view.
      size: height and width of the image in pixels.
      embree: cast rays with Embree; otherwise rasterise.
    """
    first = np.full((size, size), -1)
    if embree:
        window = _window(mesh, camera, size)
        directions = camera.directions_through(*np.ogrid[window], size)
        shape, directions = directions.shape[:2], directions.reshape(-1, 3)
        origins = np.broadcast_to(camera.eye, directions.shape)
        found = mesh.ray.intersects_first(origins, directions)
        first[window] = found.reshape(shape)
        directions = directions[found >= 0]
    else:
        _rasterize(mesh, camera, first)
        directions = camera.directions_through(*(first >= 0).nonzero(), size)
    hit = first >= 0
    faces = first[hit]
    depth = _depth(mesh, camera.eye, faces, directions)
    return Hits(hit.ravel(), faces, directions, depth)


def _window(mesh, camera: ViewCamera, size: int) -> tuple[slice, slice]:
    """The rows and columns of an image that a mesh may be seen in."""
    positions = camera.project(mesh.vertices) * size
    low = np.clip(np.floor(positions.min(axis=0)), 0, size).astype(int)
    high = np.clip(np.ceil(positions.max(axis=0)), 0, size).astype(int)
    return slice(low[0], high[0]), slice(low[1], high[1])


def _depth(mesh, eye, faces, directions) -> Float[np.ndarray, " n"]:
    """Distance along rays from the eye to the planes of faces."""
    normals = mesh.face_normals[faces]
    along = np.einsum("ij,ij->i", normals, directions)
    to_plane = np.einsum("ij,ij->i", normals, mesh.triangles[faces, 0] - eye)
    # Rays in the plane of their face have no distance; no picture shows such a face.
    return to_plane / np.where(np.abs(along) < 1e-9, np.inf, along)


def _rasterize(mesh, camera: ViewCamera, first: Int[np.ndarray, "h w"]) -> None:
    """Writes the face that every pixel sees first, where there is one."""
    size = len(first)
    corners = camera.project(mesh.vertices)[mesh.faces] * size
    nearest = np.full(first.shape, np.inf)
    for faces, row, column in triangle_pixels(corners, first.shape):
        directions = camera.directions_through(row, column, size)
        depth = _depth(mesh, camera.eye, faces, directions)
        far_to_near = np.argsort(-depth, kind="stable")
        far_to_near = far_to_near[(depth < nearest[row, column])[far_to_near]]
        pixels = row[far_to_near], column[far_to_near]
        first[pixels], nearest[pixels] = faces[far_to_near], depth[far_to_near]
