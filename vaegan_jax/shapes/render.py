"""Pictures of meshes, ray-cast on the CPU without a display."""

from collections.abc import Sequence

import numpy as np
import trimesh
from jaxtyping import UInt8

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera, ViewCamera
from vaegan_jax.shapes.first_hits import Hits, first_hits

BACKGROUND = 255
_DARKEST, _BRIGHTEST = 20.0, 225.0  # of a shape, so that it stands out from the white


def normalized(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """A copy with the bounding box centred at the origin and its diagonal 1.

    Raises:
      UserError: if the mesh has no faces, no extent or non-finite vertices.
    """
    check_mesh(mesh)
    low, high = mesh.bounds
    # In two steps, because squares of huge or tiny numbers are out of range.
    vertices = (mesh.vertices - (low / 2 + high / 2)) / (high - low).max()
    vertices /= np.linalg.norm((high - low) / (high - low).max())
    copy = trimesh.Trimesh(vertices, mesh.faces, process=False)
    copy.remove_unreferenced_vertices()  # may be NaN, which Embree does not survive
    return copy


def check_mesh(mesh: trimesh.Trimesh) -> None:
    """Raises UserError if a mesh has nothing that could be seen or voxelised."""
    if len(mesh.faces) == 0:
        raise UserError("The mesh has no faces; give one with at least one triangle.")
    corners = mesh.vertices[mesh.faces]
    if not np.isfinite(corners).all():
        raise UserError("The mesh has non-finite vertices; repair the file.")
    longest = mesh.extents.max()
    if not longest > 0:
        raise UserError("The mesh is a single point; give one with some extent.")
    sides = (corners[:, 1:] - corners[:, :1]) / longest
    if not np.cross(sides[:, 0], sides[:, 1]).any():
        raise UserError("No face of the mesh has an area; give one with a surface.")


def render_views(
    mesh: trimesh.Trimesh,
    camera: Camera | None = None,
    image_size: int = 224,
    supersample: int = 2,
) -> UInt8[np.ndarray, "v h w"]:
    """Renders grey views of a mesh on a white background.

    The mesh is centred and its bounding-box diagonal scaled to 1 first. Both sides of
    a face are drawn alike, because faces of many collections wind both ways.

    Args:
      mesh: any triangle mesh, z up, front towards −y.
      camera: where the views are taken from; default `Camera()`, twelve views.
      image_size: height and width in pixels.
      supersample: rays per pixel along each axis, averaged.

    Returns:
      One image for each view.

    Raises:
      UserError: if there is nothing to draw.
    """
    cameras = (camera or Camera()).views()
    return render_from(mesh, cameras, image_size, supersample)


def render_from(
    mesh: trimesh.Trimesh,
    cameras: Sequence[ViewCamera],
    image_size: int = 224,
    supersample: int = 2,
) -> UInt8[np.ndarray, "v h w"]:
    """Renders a grey view from each of some cameras, see `render_views`.

    Args:
      mesh: any triangle mesh.
      cameras: at least one.
      image_size: height and width in pixels.
      supersample: rays per pixel along each axis, averaged.

    Raises:
      UserError: if there is nothing to draw.
    """
    mesh = normalized(mesh)
    size = image_size * supersample
    views = []
    for camera in cameras:
        hits = first_hits(mesh, camera, size)
        image = np.full(size * size, float(BACKGROUND))
        image[hits.hit] = _shade(mesh, hits, camera.distance)
        views.append(average_blocks(image.reshape(size, size), supersample))
    return np.rint(np.stack(views)).astype(np.uint8)


def _shade(mesh: trimesh.Trimesh, hits: Hits, distance: float) -> np.ndarray:
    """Grey levels (m,): a lamp at the eye, one above, and distance as haze."""
    normals = mesh.face_normals[hits.faces]
    lamp = np.abs(np.einsum("ij,ij->i", normals, hits.directions))
    # Without the second lamp, faces that meet symmetrically at an edge look alike.
    above = np.abs(normals[:, 2])
    # 1 at the front, 0 at the back.
    near = np.clip(0.5 + 1.4 * (distance - hits.depth), 0.0, 1.0)
    level = (0.6 * lamp + 0.4 * above) * (0.55 + 0.45 * near)
    return _DARKEST + (_BRIGHTEST - _DARKEST) * level


def average_blocks(image: np.ndarray, block: int) -> np.ndarray:
    """Means of the block × block squares of an image (h, w) or (h, w, c)."""
    height, width = image.shape[0] // block, image.shape[1] // block
    blocks = image.reshape(height, block, width, block, *image.shape[2:])
    return blocks.mean(axis=(1, 3))
