"""What a model makes of the views of a split."""

import copy
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from PIL import Image

from vaegan_jax.data.examples import Examples
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.views import (
    encode_all,
    of_subset,
    pooled_latents,
    view_subsets,
)
from vaegan_jax.models.encoder import Posterior
from vaegan_jax.shapes.drawing import draw_reconstructions

# Occupancy probabilities of the shapes with the given numbers.
Predictor = Callable[[Int[np.ndarray, " b"]], Float[np.ndarray, "b x y z"]]


class Reconstructions:
    """Shapes from any subsets of their views, each of which is encoded once.

    Args:
      model: with an encoder.
      examples: with views; a refiner is told their cameras where they are known.
    """

    def __init__(self, model: Model, examples: Examples):
        self.model, self._examples = model, examples
        self.posteriors: Posterior = encode_all(model, examples)
        self.shapes, self.stored = examples.views.shape[:2]
        self._cameras = examples.cameras

    def without_cameras(self) -> "Reconstructions":
        """The same, but a refiner has to do with estimates of cameras."""
        other = copy.copy(self)
        other._cameras = None
        return other

    def latents(self, views: int, seed: int) -> Float[np.ndarray, "n latent"]:
        """Of a seeded subset of each shape's views."""
        return pooled_latents(self.model, self.posteriors, self._subset(views, seed))

    def predictor(self, views: int, seed: int) -> Predictor:
        """The model's reconstructions from such subsets."""
        return self.from_views(self._subset(views, seed))

    def from_views(self, subset: Int[np.ndarray, "n k"]) -> Predictor:
        """The model's reconstructions from these views of each shape."""
        seen = of_subset(self.posteriors, subset)
        if self.model.networks.refiner is None:
            latents = self.model.pool(seen)
            return lambda numbers: self.model.decode(latents[numbers])

        def predict(numbers):
            rows = numbers[:, None], subset[numbers]
            cameras = None if self._cameras is None else self._cameras[rows]
            views = self._examples.views[rows]
            return self.model.refine(seen.at(numbers), views, cameras)

        return predict

    def of_generator(self, views: int, seed: int) -> Predictor:
        """What G alone makes of such subsets, whether there is a refiner or not."""
        latents = self.latents(views, seed)
        return lambda numbers: self.model.decode(latents[numbers])

    def _subset(self, views: int, seed: int) -> Int[np.ndarray, "n k"]:
        return view_subsets(self.shapes, self.stored, views, seed)


def draw_all(
    model: Model, examples: Examples, threshold: float, of_generator: float | None
) -> Image.Image:
    """Draws what a model makes of all views of some shapes, see `draw_reconstructions`.

    Args:
      model: with an encoder; of one with a refiner, what G alone makes is drawn, too.
      examples: few, with the views that are to be seen.
      threshold: of what is filled.
      of_generator: the same, of what G alone makes; None without a refiner.
    """
    seen, every = Reconstructions(model, examples), np.arange(len(examples))
    alone = None
    if of_generator is not None:
        alone = seen.of_generator(seen.stored, 0)(every) > of_generator
    return draw_reconstructions(
        examples.views[...],
        seen.predictor(seen.stored, 0)(every) > threshold,
        examples.voxels[...] > 0,
        of_generator=alone,
    )
