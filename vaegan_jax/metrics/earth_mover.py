"""Earth mover's distance of surfaces, and nearest neighbours under it.

The distance costs the cube of the number of points, so what generation metrics need,
nearest neighbours, is found without most of it: cheap lower bounds say which candidates
cannot be the nearest. The result is exact.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from vaegan_jax.metrics.generation import Nearest
from vaegan_jax.metrics.points import GREATEST_DISTANCE, surface_points

# Of each shape. Two thousand, as point clouds have them, take seconds for each pair.
NUM_POINTS = 100

# Of the bounds. Softer or fewer rounds leave more pairs to be matched; this leaves one
# in thirty or so.
_SOFTNESS = 0.04  # sides of the grid
_ROUNDS = 5
_ROUNDING = 1e-5  # bounds are in single precision
_BLOCK = 32  # pairs at a time, which fit into a processor's cache


def earth_movers_distance(
    a: Float[np.ndarray, "p 3"], b: Float[np.ndarray, "p 3"]
) -> float:
    """Mean distance under the one-to-one matching that makes it least.

    Source: Rubner et al. 2000, for point clouds Fan et al. 2017,
    https://arxiv.org/abs/1612.00603; the assignment is SciPy's.
    """
    costs = cdist(a, b)
    return float(costs[linear_sum_assignment(costs)].mean())


class Surfaces:
    """Points of the surfaces of many shapes.

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

    def __len__(self) -> int:
        return len(self.points)


def lower_bounds(a: Surfaces, b: Surfaces) -> Float[np.ndarray, "n m"]:
    """What the distance of each pair is at least."""
    same = a is b  # then one half tells the other

    def row(i: int) -> Float[np.ndarray, " m"]:
        bounds = np.zeros(len(b))
        for start in range(i + 1 if same else 0, len(b), _BLOCK):
            part = slice(start, start + _BLOCK)
            bounds[part] = _dual_bounds(a.points[i], b.points[part])
        return bounds

    with ThreadPoolExecutor() as pool:
        bounds = np.stack(list(pool.map(row, range(len(a)))))
    if same:
        bounds += bounds.T
    bounds[a.empty] = bounds[:, b.empty] = GREATEST_DISTANCE
    bounds[np.ix_(a.empty, b.empty)] = 0
    return bounds


def _dual_bounds(
    a: Float[np.ndarray, "p 3"], others: Float[np.ndarray, "m p 3"]
) -> Float[np.ndarray, " m"]:
    """The value of a feasible solution of the dual of each matching.

    Its prices of points are those of the entropic problem after some rounds of Sinkhorn
    (Cuturi 2013, https://arxiv.org/abs/1306.0895), made feasible: no price of a pair is
    above its cost.
    """
    costs = np.float32(cdist(others.reshape(-1, 3), a)).reshape(len(others), -1, len(a))
    kernel = np.exp(costs / np.float32(-_SOFTNESS))
    scale = np.ones((len(others), len(a), 1), np.float32)
    for _ in range(_ROUNDS):
        scale = 1 / (kernel.transpose(0, 2, 1) @ (1 / (kernel @ scale)))
    prices = np.float32(_SOFTNESS) * np.log(scale).transpose(0, 2, 1)
    rows = (costs - prices).min(2, keepdims=True)
    columns = (costs - rows).min(1)
    return np.float64(rows.mean((1, 2)) + columns.mean(1)) - _ROUNDING


def nearest_surfaces(
    queries: Surfaces, candidates: Surfaces, bounds: Float[np.ndarray, "n m"]
) -> Nearest:
    """The nearest candidate of each query under the earth mover's distance.

    Args:
      queries: shapes.
      candidates: shapes, with as many points; if they are the queries themselves, no
        shape is its own neighbour.
      bounds: `lower_bounds` of the two.
    """

    def search(i: int) -> tuple[float, int]:
        best, index = np.inf, -1
        for j in np.argsort(bounds[i], kind="stable"):
            if queries is candidates and i == j:
                continue
            if bounds[i, j] >= best:
                break
            distance = bounds[i, j]
            if not (queries.empty[i] or candidates.empty[j]):
                distance = earth_movers_distance(
                    queries.points[i], candidates.points[j]
                )
            if distance < best:
                best, index = distance, int(j)
        return best, index

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(search, range(len(queries))))
    distances, indices = zip(*found, strict=True)
    return Nearest(np.array(distances), np.array(indices))
