"""Which voxels of a shape to fill, by how likely each is filled."""

import numpy as np
from jaxtyping import Shaped

from vaegan_jax.shapes.grids import checked_probabilities

# Of shapes that are less sure nothing is known, and crumbs of noise would be filled.
LEAST = 0.1


def expected_iou_threshold(probabilities: Shaped[np.ndarray, "..."]) -> float:
    """The threshold for the highest expected IoU with a truth that is not known.

    Of the k likeliest voxels with probabilities that add up to S, of T in all, IoU is
    expected to be about J = S / (k + T - S), the ratio of what intersection and union
    are expected to be (Nowozin 2014, https://doi.org/10.1109/CVPR.2014.77). One voxel
    more is a gain if its probability is above S / (k + T) = J / (1 + J); with the best
    k that is the threshold. Surer shapes have higher ones, up to 1/2: thin parts whose
    place is uncertain are kept although each of their voxels is unlikely. Of a model
    that expects more voxels than there are, higher thresholds may be better.

    Args:
      probabilities: of occupancy, of one shape (x, y, z).

    Returns:
      From `LEAST` to 0.5.

    Raises:
      UserError: it is no cube of numbers from 0 to 1.
    """
    probabilities = checked_probabilities(probabilities)
    largest = np.sort(probabilities, axis=None)[::-1].astype(np.float64)
    added = np.cumsum(largest)
    expected = added / (np.arange(1, added.size + 1) + added[-1] - added)
    best = expected.max()
    return max(LEAST, float(best / (1 + best)))
