"""How well a set of generated shapes stands for a set of reference shapes.

Coverage, minimum matching distance and the 1-nearest-neighbour accuracy need only
nearest neighbours, under any distance. Masks say which shapes count, all by default;
neighbours are to be found with the same masks.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import jensenshannon


class Nearest(NamedTuple):
    """For each shape of one set, the nearest of another (or the same)."""

    distance: Float[np.ndarray, " n"]
    index: Int[np.ndarray, " n"]


class Neighbours(NamedTuple):
    """Nearest neighbours within and between two sets; within, of other shapes."""

    generated_to_reference: Nearest
    reference_to_generated: Nearest
    generated_to_generated: Nearest
    reference_to_reference: Nearest


def nearest(
    distances: Float[np.ndarray, "n m"],
    candidates: Bool[np.ndarray, " m"] | None = None,
    exclude_self: bool = False,
) -> Nearest:
    """The nearest candidate of each row; the first of several.

    Args:
      distances: from each shape (rows) to each candidate (columns).
      candidates: which columns count.
      exclude_self: rows and columns are the same shapes; none is its own neighbour.
    """
    distances = np.array(distances, np.float64)
    if candidates is not None:
        distances[:, ~candidates] = np.inf
    if exclude_self:
        np.fill_diagonal(distances, np.inf)
    return Nearest(distances.min(1), distances.argmin(1))


def neighbours(
    generated_to_reference: Float[np.ndarray, "g r"],
    generated_to_generated: Float[np.ndarray, "g g"],
    reference_to_reference: Float[np.ndarray, "r r"],
    generated: Bool[np.ndarray, " g"] | None = None,
    reference: Bool[np.ndarray, " r"] | None = None,
) -> Neighbours:
    """All nearest neighbours from matrices of distances, among shapes that count."""
    return Neighbours(
        nearest(generated_to_reference, reference),
        nearest(generated_to_reference.T, generated),
        nearest(generated_to_generated, generated, exclude_self=True),
        nearest(reference_to_reference, reference, exclude_self=True),
    )


def coverage(
    found: Neighbours,
    generated: Bool[np.ndarray, " g"] | None = None,
    reference: Bool[np.ndarray, " r"] | None = None,
) -> float:
    """COV: the share of reference shapes that are nearest to some generated shape.

    Source: Achlioptas et al. 2018, https://arxiv.org/abs/1707.02392.
    """
    matched = _counted(found.generated_to_reference.index, generated)
    count = _counted(found.reference_to_generated.index, reference).size
    return len(np.unique(matched)) / count


def minimum_matching_distance(
    found: Neighbours, reference: Bool[np.ndarray, " r"] | None = None
) -> float:
    """MMD: mean distance of reference shapes to their nearest generated shape.

    Source: Achlioptas et al. 2018, https://arxiv.org/abs/1707.02392.
    """
    return float(_counted(found.reference_to_generated.distance, reference).mean())


def one_nearest_neighbour_accuracy(
    found: Neighbours,
    generated: Bool[np.ndarray, " g"] | None = None,
    reference: Bool[np.ndarray, " r"] | None = None,
) -> float:
    """1-NNA: how often a shape's nearest neighbour is of its own set.

    50 % for two samples of one distribution, 100 % for sets that are apart, 0 % for a
    set and its copy. A tie between the sets counts half.

    Source: Yang et al. 2019 (PointFlow), https://arxiv.org/abs/1906.12320,
    after Lopez-Paz and Oquab 2017, https://arxiv.org/abs/1610.06545.
    """
    sets = (
        (found.generated_to_generated, found.generated_to_reference, generated),
        (found.reference_to_reference, found.reference_to_generated, reference),
    )
    votes = [
        _counted(
            (own.distance < other.distance) + 0.5 * (own.distance == other.distance),
            mask,
        )
        for own, other, mask in sets
    ]
    return float(np.concatenate(votes).mean())


def jensen_shannon_divergence(
    a: Bool[np.ndarray, "n x y z"], b: Bool[np.ndarray, "m x y z"]
) -> float:
    """JSD, in bits, of where two sets of shapes fill the grid, 0 to 1.

    Each set's distribution over the grid is the place of a voxel drawn from all that
    its shapes fill. A set that fills none is at 1 from others, and at 0 from another
    such set.

    Source: Achlioptas et al. 2018, https://arxiv.org/abs/1707.02392.
    """
    counts = [grids.sum(0).ravel() for grids in (a, b)]
    if not all(count.any() for count in counts):
        return 0.0 if counts[0].any() == counts[1].any() else 1.0
    return float(jensenshannon(*counts, base=2) ** 2)


def _counted(values: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    return values if mask is None else values[mask]
