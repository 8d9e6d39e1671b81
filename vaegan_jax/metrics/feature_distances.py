"""Distances of two sets of shapes by features of each, a row of numbers for a shape."""

import numpy as np
import scipy.linalg
from jaxtyping import Float


def frechet_distance(a: Float[np.ndarray, "n f"], b: Float[np.ndarray, "m f"]) -> float:
    """Squared Fréchet distance of the normal distributions fitted to both.

    |mean difference|² + tr(A + B − 2 (A B)^½) of the covariances A and B. Small sets
    are further apart than large ones of the same distributions, so sets of one size are
    to be compared.

    Source: Heusel et al. 2017, https://arxiv.org/abs/1706.08500 (FID, there of features
    of images).
    """
    a, b = np.float64(a), np.float64(b)
    means = np.square(a.mean(0) - b.mean(0)).sum()
    root_a, root_b = (_centred(features) for features in (a, b))
    # tr (A B)^½ is the sum of the singular values of a product of their roots.
    shared = scipy.linalg.svdvals(root_a @ root_b.T).sum()
    spreads = np.square(root_a).sum() + np.square(root_b).sum()
    return float(max(means + spreads - 2 * shared, 0.0))


def _centred(features: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n f"]:
    """X with Xᵀ X the covariance."""
    return (features - features.mean(0)) / np.sqrt(max(len(features) - 1, 1))


def kernel_distance(a: Float[np.ndarray, "n f"], b: Float[np.ndarray, "m f"]) -> float:
    """Squared maximum mean discrepancy with the kernel (x · y / f + 1)³, unbiased.

    About 0 for two samples of one distribution whatever their sizes, so it may be
    negative. Of a set of one shape the mean within is 0 / 0; it is taken as 0.

    Source: Bińkowski et al. 2018, https://arxiv.org/abs/1801.01401 (KID).
    """
    a, b = np.float64(a), np.float64(b)
    return _mean_within(a) + _mean_within(b) - 2 * float(_kernel(a, b).mean())


def _kernel(
    a: Float[np.ndarray, "n f"], b: Float[np.ndarray, "m f"]
) -> Float[np.ndarray, "n m"]:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _mean_within(features: Float[np.ndarray, "n f"]) -> float:
    values, count = _kernel(features, features), len(features)
    return float((values.sum() - np.trace(values)) / max(count * (count - 1), 1))
