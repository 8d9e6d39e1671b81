"""A picture of what a refiner reads, what it is given, and what it makes of both."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from vaegan_jax.data.examples import Examples
from vaegan_jax.evaluate.reconstructions import Reconstructions
from vaegan_jax.inference.functions import place_function
from vaegan_jax.inference.model import Model
from vaegan_jax.models.convolutions.phases import merge_phases
from vaegan_jax.models.evidence import LOWEST, MEAN, read_views
from vaegan_jax.runtime.compiling import jit
from vaegan_jax.shapes.colours import NEARLY_WHITE
from vaegan_jax.shapes.drawing import GENERATOR_ALONE, REFINED, draw_columns

_PIXELS = 5  # a side of each cell of a slice

_place = jit(place_function, static_argnums=0)
_read = jit(read_views, static_argnums=4)


def draw_evidence(
    model: Model, examples: Examples, threshold: float, of_generator: float
) -> Image.Image:
    """One row for each shape, from some of its views to the truth.

    Between them: the cells that no view excludes, the visual hull; the mean ink of all
    views in the middle slice, as seen from the right, front to the left; what G alone
    makes of the latent; and what R makes of that and of the views.

    Args:
      model: with a refiner.
      examples: few, with the views that are to be seen. Their cameras are taken where
        they are known and estimated where they are not.
      threshold: of what is filled.
      of_generator: the same, of what G alone makes.
    """
    seen, every = Reconstructions(model, examples), np.arange(len(examples))
    views, told = examples.views[...], seen.posteriors
    alone = seen.of_generator(seen.stored, 0)(every)
    cameras = model.complete_cameras(told, views, examples.cameras)
    given = jnp.asarray(views), jnp.float32(cameras)
    _, frame = _place(model.networks, model.variables, model.pool(told), *given)
    evidence = _read(*given, *frame, alone.shape[1])
    cells = merge_phases(np.asarray(evidence.cells))
    columns = {
        "visual hull": cells[..., LOWEST] > 1 - NEARLY_WHITE / 255,
        "mean ink, a slice": _slices(cells[..., MEAN], np.asarray(frame[1][:, 0])),
        GENERATOR_ALONE: alone > of_generator,
        REFINED: model.refine(told, views, cameras) > threshold,
        "truth": examples.voxels[...] > 0,
    }
    return draw_columns(views, columns)


def _slices(
    ink: Float[np.ndarray, "n x y z"], middles: Float[np.ndarray, " n"]
) -> UInt8[np.ndarray, "n h w 1"]:
    """Those across x at these places, from 0 to 1: z upwards, y to the right."""
    places = np.int32(middles * ink.shape[1])
    slices = np.stack([grid[place] for grid, place in zip(ink, places, strict=True)])
    pictures = np.uint8(np.rint(255 * (1 - slices)))
    pictures = pictures.swapaxes(1, 2)[:, ::-1, :, None]
    return pictures.repeat(_PIXELS, 1).repeat(_PIXELS, 2)
