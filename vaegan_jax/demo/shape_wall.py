"""Many shapes at a glance, of which one is open."""

import dataclasses

import numpy as np
from jaxtyping import Float

from vaegan_jax.demo.viewer import WRITER, Viewer, gr, tiles, with_messages
from vaegan_jax.inference.interpolate import decoder
from vaegan_jax.inference.model import Model
from vaegan_jax.shapes.drawing import draw_voxels

_TILE = 200  # pixels


@dataclasses.dataclass(frozen=True)
class Latent:
    """What a shape is made of.

    Attributes:
      numbers: of it.
      sampled: it was drawn, or else stands for pictures: `inference.interpolate.decoder`
        tells them apart.
      name: of the shape.
    """

    numbers: Float[np.ndarray, " latent"]
    sampled: bool
    name: str

    def shape(self, model: Model) -> Float[np.ndarray, "x y z"]:
        """Its probabilities, without small parts."""
        return shapes_of(model, [self])[0]


def shapes_of(model: Model, latents: list[Latent]) -> Float[np.ndarray, "n x y z"]:
    """Probabilities of the shapes of latents of one kind, without small parts."""
    numbers = np.stack([latent.numbers for latent in latents])
    return WRITER.clean(decoder(model, latents[0].sampled)(numbers))


class ShapeWall:
    """Pictures of shapes, and beside them the one that was clicked, large.

    Attributes:
      wall: the state with the latents of all, a list.
      opened: the state with the number of the open one.
      outputs: what `fill` gives values of.
    """

    def __init__(self, model: Model):
        self._model = model
        with gr.Row(elem_classes="halves"):
            with gr.Column(min_width=300):
                self._pictures = tiles(None, "wall")
            with gr.Column(min_width=300):
                self._viewer = Viewer("")
                self.below = gr.Row()
        self.wall, self.opened = gr.State([]), gr.State(0)
        self.outputs = [self._pictures, self.wall, self.opened, *self._viewer.outputs]

        def select(wall: list, event: gr.SelectData) -> list:
            return [event.index, *self._show(wall[event.index])]

        outputs = [self.opened, *self._viewer.outputs]
        self._pictures.select(with_messages(select), self.wall, outputs)

    def fill(self, latents: list[Latent], opened: int = 0) -> list:
        """Values of `outputs` for shapes of latents of one kind."""
        shapes = shapes_of(self._model, latents)
        drawn = [draw_voxels(shape > WRITER.threshold, _TILE) for shape in shapes]
        pictures = gr.update(value=drawn, selected_index=opened)
        return [pictures, latents, opened, *self._show(latents[opened])]

    def _show(self, latent: Latent) -> list:
        return self._viewer.show(latent.shape(self._model), latent.name)
