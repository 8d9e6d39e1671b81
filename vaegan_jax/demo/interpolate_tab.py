"""From one shape to another."""

import random
from collections.abc import Callable

from vaegan_jax.demo.latents import SAMPLES, Ends, samples, taken, way_of
from vaegan_jax.demo.shape_wall import ShapeWall
from vaegan_jax.demo.viewer import gr, with_messages
from vaegan_jax.inference.model import Model

_TAB = "interpolate"
_CHOOSE = "Take a shape of another tab as the start and one as the end."


class InterpolateTab:
    """The tab; to be made inside of it.

    Args:
      model: to try.
      tabs: of which it is one.
    """

    name = _TAB

    def __init__(self, model: Model, tabs: gr.Tabs):
        self._model, self._ends = model, gr.State((None, None))
        with gr.Row(elem_classes="controls"):
            self._words = gr.Markdown(_CHOOSE)
            button = gr.Button("Between two samples", variant="primary")
        self._wall = ShapeWall(model)
        self._outputs = [self._ends, tabs, self._words, *self._wall.outputs]
        button.click(self._draw, None, self._outputs)

    def connect(self, row: gr.Row, inputs: list, latent_of: Callable) -> None:
        """Puts buttons into a row that take a shape as an end.

        Args:
          row: for them.
          inputs: states.
          latent_of: what is taken, of their values.
        """
        with row:
            for place, label in enumerate(("Take as start", "Take as end")):

                def take(ends, *values, place=place):
                    return self._values(taken(ends, place, latent_of(*values)))

                button = gr.Button(label, size="md", min_width=80)
                button.click(with_messages(take), [self._ends, *inputs], self._outputs)

    def _draw(self) -> list:
        first, second = (random.randrange(2**31) for _ in range(2))
        start = samples(self._model, first, 1)[0]
        return self._values((start, samples(self._model, second, 1)[0]))

    def _values(self, ends: Ends) -> list:
        """Of the outputs; the tab opens when both ends are there."""
        start, end = ends
        if start is None or end is None:
            there, missing = ("start", "end") if start else ("end", "start")
            one = start or end
            kind = "a sample" if one.sampled else "of pictures"
            words = f"The {there} is {one.name}. Take the {missing}, {kind} too."
            gr.Info(words)
            return [ends, gr.skip(), words, *(gr.skip() for _ in self._wall.outputs)]
        words = f"From {start.name} to {end.name}."
        if not start.sampled:
            words += " What lies between is the generator's alone."
        way = way_of(self._model, start, end)
        filled = self._wall.fill(way, opened=SAMPLES // 2)
        return [ends, gr.Tabs(selected=_TAB), words, *filled]
