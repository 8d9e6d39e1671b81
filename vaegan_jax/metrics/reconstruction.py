"""How close predicted occupancy is to the truth, shape by shape.

Every function takes occupancy probabilities and true occupancy (..., x, y, z) and
returns one number per leading index; means and masks are the caller's.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

GRID = (-3, -2, -1)

# Probability above which a voxel counts as filled where all shapes have the same:
# below ½, since the probabilities of thin parts whose place is uncertain are low.
OCCUPIED = 0.4


def squared_error(
    probabilities: Float[Array, "*n x y z"], truth: Bool[Array, "*n x y z"]
) -> Float[Array, "*n"]:
    """Sum over the grid of (probability - occupancy)²."""
    return ((probabilities - truth) ** 2).sum(GRID)


def intersection_over_union(
    probabilities: Float[Array, "*n x y z"],
    truth: Bool[Array, "*n x y z"],
    threshold: float | Float[Array, ""] | Float[Array, "*n 1 1 1"],
) -> Float[Array, "*n"]:
    """|A ∩ B| / |A ∪ B| of what is above `threshold` and the truth; 1 if both empty."""
    predicted = probabilities > threshold
    intersection = (predicted & truth).sum(GRID)
    union = (predicted | truth).sum(GRID)
    return jnp.where(union == 0, 1.0, intersection / jnp.maximum(union, 1))


def average_precision(
    probabilities: Float[Array, "*n x y z"], truth: Bool[Array, "*n x y z"]
) -> Float[Array, "*n"]:
    """Area under the precision-recall curve, Σ (recall step) × precision.

    The step-wise sum of `sklearn.metrics.average_precision_score`: voxels of equal
    probability enter together. A truth without a voxel counts 0.
    """
    size = probabilities.shape[-1] * probabilities.shape[-2] * probabilities.shape[-3]
    scores = probabilities.reshape(*probabilities.shape[:-3], size)
    hits = truth.reshape(*truth.shape[:-3], size)
    order = jnp.argsort(-scores, axis=-1)
    scores = jnp.take_along_axis(scores, order, -1)
    found = jnp.cumsum(jnp.take_along_axis(hits, order, -1), -1)
    precision = found / jnp.arange(1, size + 1)
    # A tie is decided at its last member: before it, the threshold cuts nowhere.
    last = jnp.concatenate(
        [scores[..., 1:] < scores[..., :-1], jnp.ones_like(scores[..., :1], bool)], -1
    )
    at_cut = jnp.where(last, found, 0)
    before = jnp.concatenate(
        [
            jnp.zeros_like(at_cut[..., :1]),
            jax.lax.cummax(at_cut, at_cut.ndim - 1)[..., :-1],
        ],
        -1,
    )
    gained = jnp.where(last, found - before, 0)
    return (gained * precision).sum(-1) / jnp.maximum(found[..., -1], 1)
