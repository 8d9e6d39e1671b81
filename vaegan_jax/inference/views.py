"""Which views are encoded, and the latents they give.

With running statistics each view is encoded by itself, so all views of a shape are
encoded once and every subset of them only pooled.
"""

import math
from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Float, Int

from vaegan_jax.data.examples import Examples
from vaegan_jax.data.order import evaluation_batches
from vaegan_jax.inference.model import Model
from vaegan_jax.models.encoder import Posterior
from vaegan_jax.runtime.progress import Progress

_BATCH = 8
_PATIENCE = 2.0  # seconds; what takes no longer need not tell of its progress


def view_subsets(
    shapes: int, stored: int, chosen: int, seed: int
) -> Int[np.ndarray, "n k"]:
    """For each shape `chosen` of its stored views, without replacement."""
    draws = np.random.default_rng([seed, chosen]).random((shapes, stored))
    return np.sort(draws.argsort(axis=1)[:, :chosen], axis=1)


def encode_all(model: Model, examples: Examples) -> Posterior:
    """The posteriors of every view of every shape; fields (n, v, latent), on the host.

    The model must have an encoder.
    """
    parts = list(_posteriors(model, examples))
    return jax.tree.map(lambda *x: np.concatenate(x), *parts)


def _posteriors(model: Model, examples: Examples) -> Iterator[Posterior]:
    """Those of some shapes after others."""
    batches = evaluation_batches(examples, _BATCH)
    total = math.ceil(len(examples) / _BATCH)
    for batch, mask in Progress("encoding views", batches, total, delay=_PATIENCE):
        posterior = model.encode_each(batch.views)
        yield jax.tree.map(lambda x: x[mask], posterior)  # noqa: B023


def latents_of_all_views(
    model: Model, examples: Examples
) -> Float[np.ndarray, "n latent"]:
    """The expected latents of shapes that are seen in all of their views.

    Of a large split: the posteriors are not kept.
    """
    found = []
    for posterior in _posteriors(model, examples):
        count, stored = posterior.mean.shape[:2]
        everything = np.broadcast_to(np.arange(stored), (count, stored))
        found.append(pooled_latents(model, posterior, everything))
    return np.concatenate(found)


def pooled_latents(
    model: Model, posteriors: Posterior, subset: Int[np.ndarray, "n k"]
) -> Float[np.ndarray, "n latent"]:
    """The expected latents of shapes of which only a subset of the views is seen."""
    return model.pool(of_subset(posteriors, subset))


def of_subset(posteriors: Posterior, subset: Int[np.ndarray, "n k"]) -> Posterior:
    """Those of some views of each shape."""
    return jax.tree.map(
        lambda x: np.take_along_axis(x, subset[..., None], axis=1), posteriors
    )
