"""How close the surfaces of two shapes are, by points drawn on them.

The surface of a grid is made of the faces between a filled and an empty voxel; the
border of the grid counts as empty. Coordinates are those of a cube of side 1 that the
grid fills, so a voxel's side is 1 / resolution, and distances have that unit.

A shape without a filled voxel has no surface: its distance to another is the greatest
in the cube, and two such shapes are equal.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree

# What reviewers expect, after Fan et al. 2017 and Yang et al. 2019.
NUM_POINTS = 2048

GREATEST_DISTANCE = 3**0.5  # the cube's diagonal

_FACES = ((0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1))  # axis, direction


def exposed_faces(
    occupied: Bool[np.ndarray, "*n x y z"],
) -> Bool[np.ndarray, "6 *n x y z"]:
    """Which faces of each voxel lie on the surface: +x, -x, +y, -y, +z, -z."""
    exposed = np.repeat(occupied[None], 6, axis=0)
    for face, (axis, direction) in zip(exposed, _FACES, strict=True):
        face, grid = (np.moveaxis(a, axis - 3, -1) for a in (face, occupied))
        if direction > 0:
            face[..., :-1] &= ~grid[..., 1:]
        else:
            face[..., 1:] &= ~grid[..., :-1]
    return exposed


def surface_area(
    occupied: Bool[np.ndarray, "*n x y z"],
) -> Int[np.ndarray, "*n x y z"]:
    """How many of each voxel's faces lie on the surface, 0 to 6."""
    return exposed_faces(occupied).sum(0)


def surface_points(
    rng: np.random.Generator,
    occupied: Bool[np.ndarray, "x y z"],
    count: int = NUM_POINTS,
) -> Float[np.ndarray, "p 3"]:
    """Points spread uniformly over the surface; none if there is no surface.

    The faces, in the order of their voxels, are sampled systematically: each gets its
    share of the points up to one, which leaves less to chance than independent draws.

    Returns:
      `count` points, or 0.
    """
    voxels = np.argwhere(np.moveaxis(exposed_faces(occupied), 0, -1))
    if not len(voxels):
        return np.zeros((0, 3))
    places = (np.arange(count) + rng.random()) * len(voxels) / count
    chosen = voxels[places.astype(int)]
    points = chosen[:, :3] + rng.random((count, 3))
    axes, directions = np.array(_FACES)[chosen[:, 3]].T
    rows = np.arange(count)
    points[rows, axes] = chosen[rows, axes] + (directions > 0)
    return points / occupied.shape[-1]


class SurfaceDistances(NamedTuple):
    """From each point of one surface to the nearest of the other, both ways."""

    forward: Float[np.ndarray, " p"]
    backward: Float[np.ndarray, " q"]


def surface_distances(
    a: Float[np.ndarray, "p 3"], b: Float[np.ndarray, "q 3"]
) -> SurfaceDistances:
    """Nearest distances from `a` to `b` and from `b` to `a`.

    Where just one of them is empty, a single greatest distance stands for each way;
    where both are, a single 0.
    """
    if not (len(a) and len(b)):
        far = np.full(1, GREATEST_DISTANCE if len(a) or len(b) else 0.0)
        return SurfaceDistances(far, far)
    return SurfaceDistances(cKDTree(b).query(a)[0], cKDTree(a).query(b)[0])


def chamfer_distance(distances: SurfaceDistances) -> float:
    """Mean squared distance from a to b plus that from b to a.

    Source: Fan et al. 2017, https://arxiv.org/abs/1612.00603, with means for sums, as
    in the code of PointFlow (Yang et al. 2019, https://arxiv.org/abs/1906.12320).
    """
    return float(sum(np.mean(d**2) for d in distances))


def f_score(distances: SurfaceDistances, tolerance: float) -> float:
    """Harmonic mean of precision and recall of surface points within `tolerance`.

    Source: Tatarchenko et al. 2019, https://arxiv.org/abs/1905.03678.
    """
    precision, recall = (float(np.mean(d <= tolerance)) for d in distances)
    return 2 * precision * recall / max(precision + recall, 1e-12)
