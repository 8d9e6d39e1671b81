"""Many shapes at a glance, of which one is open."""

from vaegan_jax.demo.downloads import WRITER
from vaegan_jax.demo.latents import Latent, shapes_of
from vaegan_jax.demo.viewer import Viewer, gr, tiles
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import Model
from vaegan_jax.shapes.drawing import draw_voxels

_TILE = 200  # pixels


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
        self.wall, shapes, self.opened = gr.State([]), gr.State([]), gr.State(0)
        outputs = [self.opened, *self._viewer.outputs]
        self.outputs = [self._pictures, self.wall, shapes, *outputs]

        def select(wall: list, shapes: list, event: gr.SelectData) -> list:
            opened = event.index
            return [opened, *self._viewer.show(shapes[opened], wall[opened].name)]

        self._pictures.select(select, [self.wall, shapes], outputs)

    @staticmethod
    def latent(wall: list[Latent], opened: int) -> Latent:
        """Of the open shape.

        Raises:
          UserError: there is none yet.
        """
        if not wall:
            raise UserError("no shape is open yet; wait for one, then take it")
        return wall[opened]

    def fill(self, latents: list[Latent], opened: int = 0) -> list:
        """Values of `outputs` for shapes of latents of one kind."""
        shapes = shapes_of(self._model, latents)
        drawn = [draw_voxels(shape, _TILE) for shape in WRITER.filled(shapes)]
        pictures = gr.update(value=drawn, selected_index=opened)
        shown = self._viewer.show(shapes[opened], latents[opened].name)
        return [pictures, latents, list(shapes), opened, *shown]
