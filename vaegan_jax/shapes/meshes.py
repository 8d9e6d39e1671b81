"""From voxel grids to meshes.

The grid fills the unit cube centred at the origin, with the axes of the grid: z up, the
front towards −y. So one unit is the edge of the grid, whatever that measures in the
real world.
"""

import numpy as np
import scipy.ndimage
import skimage.measure
import trimesh
from jaxtyping import Float, Shaped

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.grids import checked_occupancy, checked_probabilities

# Occupancies are kept this far from the threshold. Nearer ones would put vertices on
# top of each other, where the surface then is no manifold.
_CLEARANCE = 2e-3


def voxels_to_mesh(
    occupancy: Shaped[np.ndarray, "x y z"],
    threshold: float = 0.5,
    smooth: int = 0,
) -> trimesh.Trimesh:
    """A closed, outward-facing mesh around what is occupied, in the unit cube.

    Marching cubes (Lorensen and Cline 1987) between the centres of the voxels; what
    reaches the border of the grid is closed there. Every edge is one of two triangles.

    Args:
      occupancy: True or False, or probabilities.
      threshold: of occupancy, between what is inside and what is outside.
      smooth: rounds of Taubin's smoothing (1995), which rounds off steps and shrinks
        little; 10 is plenty. It moves vertices and leaves the triangles as they are.

    Raises:
      UserError: if no voxel is above the threshold, or that is not in (0, 1), or the
        grid is no cube of such values.
    """
    grid = checked_probabilities(occupancy)
    if not 0 < threshold < 1:
        raise UserError(f"The threshold is {threshold}; give one between 0 and 1.")
    if not grid.max() > threshold:
        raise UserError(
            f"No voxel is above the threshold {threshold}, so there is no mesh; "
            f"the highest occupancy is {grid.max():.3g}: use a lower threshold."
        )
    away = np.where(grid > threshold, _CLEARANCE, -_CLEARANCE)
    grid = np.where(np.abs(grid - threshold) < _CLEARANCE, threshold + away, grid)
    vertices, faces, _, _ = skimage.measure.marching_cubes(
        np.pad(grid, 1),
        level=threshold,
        method="lorensen",  # Lewiner's leaves edges with four faces in noisy grids
        gradient_direction="ascent",
    )
    mesh = trimesh.Trimesh((vertices - 0.5) / len(grid) - 0.5, faces, process=False)
    if smooth:
        trimesh.smoothing.filter_taubin(mesh, nu=0.53, iterations=smooth)
    return mesh


def remove_small_parts(
    occupancy: Float[np.ndarray, "x y z"], threshold: float, min_voxels: int
) -> Float[np.ndarray, "x y z"]:
    """A copy without the parts of fewer than `min_voxels` voxels above the threshold.

    Voxels that share a face, an edge or a corner are of one part. Those removed become
    0; if no part is large enough, all are.
    """
    labels, _ = scipy.ndimage.label(occupancy > threshold, np.ones((3, 3, 3)))
    small = np.bincount(labels.ravel()) < min_voxels
    small[0] = False  # what is not occupied stays as it is
    return np.where(small[labels], np.float32(0), occupancy)


def boxes_mesh(grid: Shaped[np.ndarray, "x y z"]) -> trimesh.Trimesh:
    """The faces of voxels that are not shared by two of them, facing outwards.

    An empty grid gives a mesh without faces.

    Args:
      grid: True and False, or ones and zeros.

    Raises:
      UserError: it is no cube of such values.
    """
    grid = checked_occupancy(grid)
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
