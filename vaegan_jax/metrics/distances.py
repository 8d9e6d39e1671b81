"""Distances between all pairs of two sets of shapes, with bounded memory.

Both are products of matrices, so a million pairs of 32³ grids take seconds. The sets
are taken a block at a time; only the matrix of distances is held whole.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt8
from scipy.ndimage import distance_transform_edt

from vaegan_jax.metrics.points import GREATEST_DISTANCE, surface_area
from vaegan_jax.runtime.stored import StoredArray, parts

_BLOCK = 256


@jax.jit
def _iou_distances(a: Bool[Array, "n s"], b: Bool[Array, "m s"]) -> Float[Array, "n m"]:
    a, b = a.astype(jnp.float32), b.astype(jnp.float32)
    intersection = a @ b.T
    union = a.sum(1)[:, None] + b.sum(1)[None] - intersection
    return jnp.where(union == 0, 0.0, 1 - intersection / jnp.maximum(union, 1))


def iou_distances(
    a: Bool[np.ndarray, "n x y z"], b: Bool[np.ndarray, "m x y z"]
) -> Float[np.ndarray, "n m"]:
    """1 - |A ∩ B| / |A ∪ B| of each pair (Jaccard distance); 0 if both are empty."""
    return _blockwise(_iou_distances, _flat, _flat, a, b)


def nearest_by_iou(
    shapes: Bool[np.ndarray, "n x y z"],
    others: UInt8[np.ndarray | StoredArray, "m x y z"],
) -> tuple[Float[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """Of each shape the least of its `iou_distances` to the others, and to which.

    Neither all distances are held nor, if they are in a file, all others.
    """
    distances, places = (
        np.full(len(shapes), np.inf, np.float32),
        np.zeros(len(shapes), int),
    )
    done = 0
    for part in parts(others):
        found = iou_distances(shapes, part > 0)
        least = found.min(1)
        nearer = least < distances
        places[nearer] = done + found.argmin(1)[nearer]
        distances[nearer] = least[nearer]
        done += len(part)
    return distances, places


def _flat(grids: Bool[np.ndarray, "n x y z"]) -> Bool[np.ndarray, "n s"]:
    return grids.reshape(len(grids), -1)


def chamfer_distances(
    a: Bool[np.ndarray, "n x y z"], b: Bool[np.ndarray, "m x y z"]
) -> Float[np.ndarray, "n m"]:
    """Chamfer distance of the whole surfaces of each pair; the cube's side is 1.

    `points.chamfer_distance` in the limit of infinitely many points, each moved to the
    centre of its voxel: the mean over one surface, by area, of the squared distance to
    the nearest surface voxel of the other, plus the same the other way. The distances
    to one shape are a field over the grid (a distance transform), so the mean is an
    inner product. Nothing is drawn, so equal shapes are at distance 0.
    """
    distances = _blockwise(_mean_distances, _shares, _fields, a, b)
    distances += _blockwise(_mean_distances, _shares, _fields, b, a).T
    empty_a, empty_b = (~grids.any((1, 2, 3)) for grids in (a, b))
    distances[empty_a] = distances[:, empty_b] = 2 * GREATEST_DISTANCE**2
    distances[np.ix_(empty_a, empty_b)] = 0
    return distances


@jax.jit
def _mean_distances(
    shares: Float[Array, "n s"], fields: Float[Array, "m s"]
) -> Float[Array, "n m"]:
    return shares @ fields.T


def _shares(grids: Bool[np.ndarray, "n x y z"]) -> Float[np.ndarray, "n s"]:
    """How much of its shape's surface each voxel has."""
    area = surface_area(grids).reshape(len(grids), -1)
    return np.float32(area / np.maximum(area.sum(1, keepdims=True), 1))


def _fields(grids: Bool[np.ndarray, "n x y z"]) -> Float[np.ndarray, "n s"]:
    """Squared distance from each voxel to its shape's surface; 0 without one."""
    fields = np.zeros(grids.shape, np.float32)
    for field, area in zip(fields, surface_area(grids), strict=True):
        if area.any():
            field[:] = (distance_transform_edt(area == 0) / grids.shape[-1]) ** 2
    return fields.reshape(len(grids), -1)


def _blockwise(
    function: Callable,
    prepare_a: Callable,
    prepare_b: Callable,
    a: Bool[np.ndarray, "n x y z"],
    b: Bool[np.ndarray, "m x y z"],
) -> Float[np.ndarray, "n m"]:
    """`function(prepare_a(a), prepare_b(b))`, a block of each at a time."""
    result = np.empty((len(a), len(b)), np.float32)
    for j in range(0, len(b), _BLOCK):
        columns = prepare_b(b[j : j + _BLOCK])
        for i in range(0, len(a), _BLOCK):
            rows = prepare_a(a[i : i + _BLOCK])
            result[i : i + _BLOCK, j : j + _BLOCK] = function(rows, columns)
    return result
