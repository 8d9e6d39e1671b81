"""What training draws: samples, and reconstructions beside views and truth."""

from PIL import Image

from vaegan_jax.config import views_of_training
from vaegan_jax.dataset import Examples
from vaegan_jax.inference import Model
from vaegan_jax.metrics.reconstruction import OCCUPIED
from vaegan_jax.shapes.pictures import draw_reconstructions, draw_shapes

_SAMPLES = 16
_RECONSTRUCTIONS = 6


def draw(model: Model, examples: Examples) -> dict[str, Image.Image]:
    """Pictures of 16 samples, and of 6 reconstructions if there is an encoder."""
    drawn = {"samples": draw_shapes(model.sample(_SAMPLES) > OCCUPIED)}
    if model.networks.encoder is not None:
        # Spread over the split, whose order is often that of likeness.
        step = max(1, len(examples) // _RECONSTRUCTIONS)
        chosen = slice(0, step * _RECONSTRUCTIONS, step)
        views = examples.views[chosen, : views_of_training(model.config)]
        drawn["reconstructions"] = draw_reconstructions(
            views, model.reconstruct(views) > OCCUPIED, examples.voxels[chosen] > 0
        )
    return drawn
