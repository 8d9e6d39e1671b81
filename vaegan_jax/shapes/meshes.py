"""From voxel grids to meshes: the grid fills the unit cube centred at the origin."""

import os
import pathlib

import numpy as np
import skimage.measure
import trimesh
from jaxtyping import Bool, Float

from vaegan_jax.errors import UserError

# glTF is y-up with the front towards +z: (x, y, z) becomes (x, z, −y).
_TO_GLTF = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)


def voxels_to_mesh(
    occupancy: Bool[np.ndarray, "x y z"] | Float[np.ndarray, "x y z"],
    threshold: float = 0.5,
) -> trimesh.Trimesh:
    """A smooth, closed, outward-facing mesh around what is occupied.

    Marching cubes (Lorensen and Cline 1987) between the centres of the voxels; what
    reaches the border of the grid is closed there.

    Args:
      occupancy: True or False, or probabilities.
      threshold: of occupancy, between what is inside and what is outside.

    Raises:
      UserError: if no voxel is above the threshold, or that is not in (0, 1).
    """
    grid = np.asarray(occupancy, np.float32)
    _check_cube(grid)
    if not 0 < threshold < 1:
        raise UserError(f"The threshold is {threshold}; give one between 0 and 1.")
    if not grid.max() > threshold:
        raise UserError(
            f"No voxel is above the threshold {threshold}, so there is no mesh; "
            f"the highest occupancy is {grid.max():.3g}: use a lower threshold."
        )
    vertices, faces, _, _ = skimage.measure.marching_cubes(
        np.pad(grid, 1),
        level=threshold,
        method="lorensen",  # Lewiner's leaves edges with four faces in noisy grids
        gradient_direction="ascent",
    )
    mesh = trimesh.Trimesh((vertices - 0.5) / len(grid) - 0.5, faces, process=False)
    mesh.merge_vertices(digits_vertex=6)
    mesh.update_faces(mesh.nondegenerate_faces())
    return mesh


def boxes_mesh(grid: Bool[np.ndarray, "x y z"]) -> trimesh.Trimesh:
    """The faces of voxels that are not shared by two of them, facing outwards.

    An empty grid gives a mesh without faces.
    """
    grid = np.asarray(grid, bool)
    _check_cube(grid)
    side = len(grid)
    padded = np.pad(grid, 1)
    quads = []
    for axis in range(3):
        along, across = (axis + 1) % 3, (axis + 2) % 3
        for step in (0, 1):
            neighbour = np.roll(padded, 1 - 2 * step, axis)[1:-1, 1:-1, 1:-1]
            cells = np.argwhere(grid & ~neighbour)
            corners = np.zeros((4, 3), int)
            corners[:, axis] = step
            corners[[1, 2], along] = 1
            corners[[2, 3], across] = 1
            quads.append(cells[:, None] + (corners if step else corners[::-1]))
    corner_ids = np.concatenate(quads) @ [(side + 1) ** 2, side + 1, 1]
    used, quads = np.unique(corner_ids, return_inverse=True)
    quads = quads.reshape(-1, 4)
    vertices = np.stack(np.unravel_index(used, (side + 1,) * 3), axis=-1)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return trimesh.Trimesh(vertices / side - 0.5, faces, process=False)


def write_glb(path: str | os.PathLike, mesh: trimesh.Trimesh) -> None:
    """Writes a mesh as binary glTF, turned from our z up to glTF's y up."""
    turned = mesh.copy()
    turned.apply_transform(_TO_GLTF)
    pathlib.Path(path).write_bytes(turned.export(file_type="glb"))


def _check_cube(grid: np.ndarray) -> None:
    if grid.ndim != 3 or len(set(grid.shape)) != 1:
        raise UserError(f"A voxel grid is a cube (x, y, z), not {grid.shape}.")
