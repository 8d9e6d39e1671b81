"""Pictures of meshes, ray-cast on the CPU without a display."""

from collections.abc import Sequence

import numpy as np
import trimesh
from jaxtyping import Float, UInt8

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera, ViewCamera
from vaegan_jax.shapes.colours import FACE_COLOURS
from vaegan_jax.shapes.first_hits import Hits, first_hits
from vaegan_jax.shapes.lighting import FACE_TONES, Lighting

BACKGROUND = 255


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
    copy = trimesh.Trimesh(
        vertices, mesh.faces, face_attributes=mesh.face_attributes, process=False
    )
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
    colours: bool = False,
) -> UInt8[np.ndarray, "v h w *c"]:
    """Renders views of a mesh on a white background, grey ones unless told otherwise.

    The mesh is centred and its bounding-box diagonal scaled to 1 first. Both sides of
    a face are drawn alike, because faces of many collections wind both ways.

    Args:
      mesh: any triangle mesh, z up, front towards −y.
      camera: where the views are taken from; default `Camera()`, twelve views.
      image_size: height and width in pixels.
      supersample: rays per pixel along each axis, averaged.
      colours: give three channels, (v, h, w, 3): the grey ones times the colours that
        `read_mesh` read, or grey if there are none.

    Returns:
      One image for each view.

    Raises:
      UserError: if there is nothing to draw.
    """
    cameras = (camera or Camera()).views()
    return render_from(mesh, cameras, image_size, supersample, colours)


def render_from(
    mesh: trimesh.Trimesh,
    cameras: Sequence[ViewCamera],
    image_size: int = 224,
    supersample: int = 2,
    colours: bool = False,
    lighting: Lighting | None = None,
) -> UInt8[np.ndarray, "v h w *c"]:
    """Renders a view from each of some cameras, see `render_views`.

    Args:
      mesh: any triangle mesh, perhaps with `FACE_TONES`.
      cameras: at least one.
      image_size: height and width in pixels.
      supersample: rays per pixel along each axis, averaged.
      colours: see `render_views`.
      lighting: default `Lighting()`.

    Raises:
      UserError: if there is nothing to draw.
    """
    mesh = normalized(mesh)
    lighting = lighting or Lighting()
    size = image_size * supersample
    channels = (3,) if colours else ()
    views = []
    for camera in cameras:
        hits = first_hits(mesh, camera, size)
        image = np.full((size * size, *channels), float(BACKGROUND))
        levels = _shade(mesh, hits, camera.distance, lighting)
        if colours:
            levels = levels[:, None] * _colours(mesh, camera, hits)
        image[hits.hit] = levels
        image = image.reshape(size, size, *channels)
        views.append(average_blocks(image, supersample))
    return np.rint(np.stack(views)).astype(np.uint8)


def _shade(
    mesh: trimesh.Trimesh, hits: Hits, distance: float, lighting: Lighting
) -> Float[np.ndarray, " m"]:
    """Grey levels."""
    tones = mesh.face_attributes.get(FACE_TONES)
    return lighting.levels(
        mesh.face_normals[hits.faces],
        hits.directions,
        np.clip(0.5 + 1.4 * (distance - hits.depth), 0.0, 1.0),
        1.0 if tones is None else tones[hits.faces],
    )


def _colours(
    mesh: trimesh.Trimesh, camera: ViewCamera, hits: Hits
) -> Float[np.ndarray, "m 3"]:
    """Shares of red, green and blue, interpolated between the corners of faces."""
    if FACE_COLOURS not in mesh.face_attributes:
        return np.ones((len(hits.faces), 3))
    points = camera.eye + hits.directions * hits.depth[:, None]
    near = trimesh.triangles.points_to_barycentric(mesh.triangles[hits.faces], points)
    near = np.clip(np.nan_to_num(near, nan=1 / 3), 0, 1)
    near /= near.sum(axis=1, keepdims=True)
    corners = mesh.face_attributes[FACE_COLOURS][hits.faces]
    return np.einsum("mk,mkc->mc", near, corners)


def average_blocks(image: np.ndarray, block: int) -> np.ndarray:
    """Means of the block × block squares of an image (h, w) or (h, w, c)."""
    height, width = image.shape[0] // block, image.shape[1] // block
    blocks = image.reshape(height, block, width, block, *image.shape[2:])
    return blocks.mean(axis=(1, 3))
