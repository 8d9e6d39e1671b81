"""Many views of one shape: how they are encoded together and pooled to one latent.

Four ways to encode all views of a batch with the one shared encoder:

- `loop`: one encoder call per view, as the original does; the meaning of the others.
- `vmap`: `jax.vmap` of that call over the views.
- `fold`: one call with the views folded into the batch, view by view, and BatchNorm
  statistics per view. On a CPU, where convolutions are products, it is the fastest.
- `fold_joint`: folded, with one set of statistics over all views: another model.

The first three agree, up to rounding, in outputs, gradients and running statistics.
"""

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, UInt8

from vaegan_jax.distributed.partition import own_rows
from vaegan_jax.models.encoder import Encoder, Posterior
from vaegan_jax.models.layers import MOMENTUM, follow

ViewEncoding = Literal["fold", "fold_joint", "loop", "vmap"]
# Of Gauss and Legendre's rule on [0, 1], and where a Gaussian's distribution function
# is cut for it, in deviations from the mean.
_ROOTS, _DOUBLED = np.polynomial.legendre.leggauss(8)
_NODES, _WEIGHTS = np.float32((_ROOTS + 1) / 2), np.float32(_DOUBLED / 2)
_CUTS = np.array([-6, -2, 0, 2, 6], np.float32)

Pooling = Literal["mean", "max", "precision"]


def encode_views(
    encoder: Encoder,
    variables: Any,
    views: UInt8[Array, "b v h w c"],
    *,
    train: bool,
    how: ViewEncoding = "fold",
    azimuths: Int[Array, "b v"] | None = None,
    shares: Float[Array, "b v azimuths"] | None = None,
) -> tuple[Posterior, Any]:
    """Encodes every view of every shape.

    Args:
      encoder: the module.
      variables: its `params` and `batch_stats`.
      views: images, any number `v` of views from 1 up.
      train: use batch statistics; otherwise the running ones, whatever `how`.
      how: see the module's docstring.
      azimuths: of the views, for the training of an encoder with heads for each; None
        if view i is of azimuth i.
      shares: of these heads, outside training; None: as E tells. See `Encoder`.

    Returns:
      The posteriors, fields (b, v, ...), and the new `batch_stats` (unchanged
      outside training).

    Raises:
      ValueError: in training of an encoder with heads of azimuths, views are not folded
        jointly, or neither one of each azimuth nor of given ones.
    """
    batch, count = views.shape[:2]
    if train and encoder.azimuths and encoder.azimuth_heads:
        known = azimuths is not None or count == encoder.azimuths
        if how != "fold_joint" or not known:
            raise ValueError(
                f"{count} views are encoded by {how}; E learns heads of azimuths from "
                f"all {encoder.azimuths} of a shape in order, or from views of given "
                "azimuths, by fold_joint"
            )
    statistics = variables["batch_stats"]

    def encode(images, statistics, groups=1, azimuths=None, shares=None):
        posterior, updated = encoder.apply(
            {"params": variables["params"], "batch_stats": statistics},
            images,
            train=train,
            groups=groups,
            azimuths=azimuths,
            shares=shares,
            mutable=["batch_stats"],
        )
        return posterior, updated["batch_stats"]

    if train and how == "loop":
        posteriors = []
        for v in range(count):
            posterior, statistics = encode(views[:, v], statistics)
            posteriors.append(posterior)
        return jax.tree.map(lambda *x: jnp.stack(x, 1), *posteriors), statistics

    if train and how == "vmap":
        posterior, updated = jax.vmap(encode, in_axes=(1, None), out_axes=(1, 0))(
            views, statistics
        )
        return posterior, jax.tree.map(_in_sequence, statistics, updated)

    fold = lambda x: x.swapaxes(0, 1).reshape(batch * count, *x.shape[2:])  # noqa: E731
    groups = count if train and how == "fold" else 1
    azimuths, shares = jax.tree.map(fold, (azimuths, shares))
    posterior, statistics = encode(fold(views), statistics, groups, azimuths, shares)
    unfold = lambda x: x.reshape(count, batch, -1).swapaxes(0, 1)  # noqa: E731
    return jax.tree.map(unfold, posterior), statistics


def _in_sequence(
    before: Float[Array, " c"], after: Float[Array, "v c"]
) -> Float[Array, " c"]:
    """Running statistics after all views in a row, from those after each one alone."""
    batches = (after - MOMENTUM * before) / (1 - MOMENTUM)
    return follow(before, batches)


def choose_views(
    key: Key[Array, ""], batch: int, count: int, fewest: int
) -> Bool[Array, "b v"]:
    """Which views of each shape training pools, so that E and G learn to do with few.

    Two shapes of five keep all their views. The others keep from `fewest` to half of
    them, few more often than many, as a model learns most slowly to make use of few;
    just `fewest` if that is more than half.

    Args:
      key: of all draws.
      batch: how many shapes this device has.
      count: of views of each shape.
      fewest: from 1 to `count`; `count` keeps all views of all shapes.
    """
    most = max(fewest, count // 2)

    def draw(rows):
        share_key, number_key, order_key = jax.random.split(key, 3)
        uniform = jax.random.uniform(number_key, (rows, 1))
        numbers = fewest + jnp.floor((most + 1 - fewest) * uniform**1.5)
        keep_all = jax.random.uniform(share_key, (rows, 1)) < 0.4
        places = jax.random.uniform(order_key, (rows, count)).argsort(1).argsort(1)
        return keep_all | (places < numbers)

    return own_rows(draw, batch)


def draw_views(
    key: Key[Array, ""], batch: int, count: int, wanted: int
) -> Int[Array, "b v"]:
    """Which `wanted` of `count` views of each shape to encode, in random order."""

    def draw(rows):
        return jax.random.uniform(key, (rows, count)).argsort(1)[:, :wanted]

    return own_rows(draw, batch)


def pool_views(
    latents: Float[Array, "b v latent"],
    log_variance: Float[Array, "b v latent"],
    pooling: Pooling,
    chosen: Bool[Array, "b v"] | None = None,
) -> Float[Array, "b latent"]:
    """One latent per shape from those of its views, whatever their order and number.

    "precision" weighs every element by the inverse of its variance, so that a view says
    little about what it does not show. That is how the mean of a product of Gaussian
    experts weighs their means (Wu and Goodman 2018, https://arxiv.org/abs/1802.05335;
    without the prior as another expert, which would pull latents of few views to 0).

    Args:
      latents: one for each view.
      log_variance: of the posterior that each is of.
      pooling: "mean", "max" or "precision", of each element by itself.
      chosen: the views that count, at least one of each shape; None is all.
    """
    where = None if chosen is None else chosen[..., None]
    if pooling == "precision":
        weights = jax.nn.softmax(-log_variance, axis=1, where=where)
        return (latents * weights).sum(1)
    if pooling == "max":
        return latents.max(1, where=where, initial=-jnp.inf)
    return latents.mean(1, where=where)


def expected_latent(posterior: Posterior, pooling: Pooling) -> Float[Array, "b latent"]:
    """The mean, over posterior samples, of the pooled latent: what evaluation uses.

    Under mean and precision pooling the means are pooled alike. Under max pooling it
    lies above the largest mean, the more so the more uncertain views there are; a
    generator trained on pooled samples expects that. For independent Gaussians with
    distribution functions F_v, E[max] = b - ∫ Π_v F_v(x) dx from a to b, where the
    product is 0 below a and 1 above b. The range is cut where any view's F_v begins to
    rise, rises and ends rising, and each piece is integrated by Gauss and Legendre's
    rule: exact to about 1e-5 of the largest deviation, however unequal they are.

    Args:
      posterior: fields (b, v, latent).
      pooling: see `pool_views`.
    """
    mean, deviation = posterior.mean, jnp.exp(0.5 * posterior.log_variance)
    if pooling != "max" or mean.shape[1] == 1:
        return pool_views(mean, posterior.log_variance, pooling)
    # The maximum is at least the largest (mean - 6 deviations), so start there.
    low = (mean - 6 * deviation).max(1)
    high = (mean + 6 * deviation).max(1)
    ends = mean[:, :, None] + deviation[:, :, None] * _CUTS[:, None]
    ends = ends.reshape(len(mean), -1, mean.shape[-1]).swapaxes(0, 1)
    ends = jnp.sort(jnp.clip(ends, low, high), axis=0)

    def integral(piece):
        begin, end = piece
        x = begin + (end - begin) * _NODES[:, None, None]
        z = (x[:, :, None] - mean) / deviation
        product = jax.scipy.stats.norm.cdf(z).prod(2)
        return (end - begin) * jnp.tensordot(_WEIGHTS, product, 1)

    return high - jax.lax.map(integral, (ends[:-1], ends[1:])).sum(0)
