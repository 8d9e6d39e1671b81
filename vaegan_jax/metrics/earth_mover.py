"""Earth mover's distance of surfaces, and nearest neighbours under it.

The distance costs the cube of the number of points, so what generation metrics need,
nearest neighbours, is found without most of it: cheap lower bounds say which candidates
cannot be the nearest. The result is exact.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from vaegan_jax.metrics.generation import Nearest
from vaegan_jax.metrics.points import GREATEST_DISTANCE, surface_points

# Of each shape. Two thousand, as point clouds have them, take seconds for each pair.
NUM_POINTS = 100

_DIRECTIONS = 24


def earth_movers_distance(
    a: Float[np.ndarray, "p 3"], b: Float[np.ndarray, "p 3"]
) -> float:
    """Mean distance under the one-to-one matching that makes it least.

    Source: Rubner et al. 2000, for point clouds Fan et al. 2017,
    https://arxiv.org/abs/1612.00603; the assignment is SciPy's.
    """
    return _matched(cdist(a, b))


def _matched(costs: Float[np.ndarray, "p p"]) -> float:
    return float(costs[linear_sum_assignment(costs)].mean())


class Surfaces:
    """Points of the surfaces of many shapes, with what bounds need.

    Args:
      occupied: the shapes.
      seed: of the points; shape by shape the same, so equal shapes are at distance 0.
      count: points of each shape.
    """

    def __init__(
        self,
        occupied: Bool[np.ndarray, "n x y z"],
        seed: int = 0,
        count: int = NUM_POINTS,
    ):
        self.empty = ~occupied.any((1, 2, 3))
        self.points = np.zeros((len(occupied), count, 3))
        for points, grid in zip(self.points, occupied, strict=True):
            if grid.any():
                points[:] = surface_points(np.random.default_rng(seed), grid, count)
        directions = np.random.default_rng(0).normal(size=(_DIRECTIONS, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        # Sorted, the matching along one direction is known.
        self.projections = np.sort(self.points @ directions.T, axis=1)

    def __len__(self) -> int:
        return len(self.points)


def lower_bounds(a: Surfaces, b: Surfaces) -> Float[np.ndarray, "n m"]:
    """What the distance of each pair is at least: its greatest along a direction."""
    bounds = np.zeros((len(a), len(b)))
    for k in range(_DIRECTIONS):
        along = cdist(a.projections[..., k], b.projections[..., k], "cityblock")
        np.maximum(bounds, along / a.points.shape[1], out=bounds)
    bounds[a.empty] = bounds[:, b.empty] = GREATEST_DISTANCE
    bounds[np.ix_(a.empty, b.empty)] = 0
    return bounds


def nearest_surfaces(
    queries: Surfaces, candidates: Surfaces, exclude_self: bool = False
) -> Nearest:
    """The nearest candidate of each query under the earth mover's distance.

    Args:
      queries: shapes.
      candidates: shapes, with as many points.
      exclude_self: the two are the same set, and no shape is its own neighbour.
    """
    bounds = lower_bounds(queries, candidates)
    if exclude_self:
        np.fill_diagonal(bounds, np.inf)

    def search(i: int) -> tuple[float, int]:
        best, index = np.inf, -1
        for j in np.argsort(bounds[i], kind="stable"):
            if bounds[i, j] >= best:
                break
            distance = _distance_below(best, queries, i, candidates, j, bounds[i, j])
            if distance < best:
                best, index = distance, int(j)
        return best, index

    with ThreadPoolExecutor() as pool:
        found: Sequence = list(pool.map(search, range(len(queries))))
    distances, indices = zip(*found, strict=True)
    return Nearest(np.array(distances), np.array(indices))


def _distance_below(best, queries, i, candidates, j, bound) -> float:
    """The distance of a pair, or infinity if it is not below `best`."""
    if queries.empty[i] or candidates.empty[j]:
        return bound
    costs = cdist(queries.points[i], candidates.points[j])
    # Each point moves at least to the nearest of the other side.
    if max(costs.min(0).mean(), costs.min(1).mean()) >= best:
        return np.inf
    return _matched(costs)
