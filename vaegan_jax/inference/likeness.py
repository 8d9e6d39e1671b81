"""Models whose new shapes are like those of a data set, instead of the prior's."""

import dataclasses
import os
import pathlib

import numpy as np

from vaegan_jax.config.reference import views_of_training
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.examples import Examples
from vaegan_jax.errors import UserError
from vaegan_jax.inference.latent_mixture import LatentMixture
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.views import encode_all, pooled_latents, view_subsets

PRIOR = "prior"
_MOST = 2048  # latents that a mixture is fitted to


def like_examples(model: Model, examples: Examples) -> Model:
    """A model whose new shapes are like these, which it sees in their views.

    As many views are pooled as in training, drawn as there; of few shapes more than
    once, drawn anew each time. Of very many shapes some are drawn.

    Args:
      model: with an encoder.
      examples: two shapes or more.

    Raises:
      UserError: there are fewer.
    """
    if len(examples) < 2:
        raise UserError("shapes cannot be like a single one; name a data set of more")
    chosen = np.sort(np.random.default_rng(0).permutation(len(examples))[:_MOST])
    stored = examples.views.shape[1]
    number = min(views_of_training(model.config), stored)
    everything = np.broadcast_to(np.arange(number), (len(chosen), number))
    latents = []
    for seed in range(max(1, min(stored // number, _MOST // len(chosen)))):
        subset = view_subsets(len(chosen), stored, number, seed)
        posteriors = encode_all(model, examples.seen_in(chosen, subset))
        latents.append(pooled_latents(model, posteriors, everything))
    mixture = LatentMixture.fit(np.concatenate(latents))
    return dataclasses.replace(model, mixture=mixture)


def like_shapes_of(model: Model, data: str | pathlib.Path) -> Model:
    """A model whose new shapes are like the training shapes of a data set.

    Args:
      model: with an encoder; any, if new shapes are to be those of the prior.
      data: a data set, or "prior".

    Raises:
      UserError: the model has no encoder, or the data set does not fit it, or is of
        one shape, or is a file or folder that is called "prior".
    """
    if data == PRIOR:
        if os.path.exists(PRIOR):
            raise UserError(
                f"{PRIOR} is a file or folder here, and means what training started "
                f"from; give .{os.sep}{PRIOR} for the former, or rename it"
            )
        return dataclasses.replace(model, mixture=None)
    model.require_encoder()
    split, stored = model.config.data.train_split, model.config.model
    sizes = stored.resolution, stored.image_size
    examples = open_split(data, split, *sizes, channels=stored.image_channels)
    return like_examples(model, examples)
