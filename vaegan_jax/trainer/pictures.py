"""What training draws: samples, and reconstructions beside views and truth."""

import numpy as np
from PIL import Image

from vaegan_jax.config.reference import views_of_training
from vaegan_jax.data.examples import Examples
from vaegan_jax.evaluate.reconstructions import draw_all
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.shape_files import ShapeWriter
from vaegan_jax.metrics.reconstruction import OCCUPIED
from vaegan_jax.shapes.drawing import draw_shapes

_SAMPLES = 16
_RECONSTRUCTIONS = 6


def samples(model: Model) -> Image.Image:
    """16 samples: those that `scripts/sample.py` draws of this model."""
    return draw_shapes(ShapeWriter().filled(model.sample(_SAMPLES)))


def reconstructions(model: Model, examples: Examples) -> Image.Image:
    """6 reconstructions of a model with an encoder."""
    # Spread over the split, whose order is often that of likeness.
    step = max(1, len(examples) // _RECONSTRUCTIONS)
    chosen = np.arange(len(examples))[: step * _RECONSTRUCTIONS : step]
    count = min(views_of_training(model.config), examples.views.shape[1])
    views = np.tile(np.arange(count), (len(chosen), 1))
    alone = None if model.networks.refiner is None else OCCUPIED
    return draw_all(model, examples.seen_in(chosen, views), OCCUPIED, alone)
