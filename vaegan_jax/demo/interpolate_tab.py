"""From one shape to another."""

import dataclasses
import random
from collections.abc import Callable

import numpy as np

from vaegan_jax.demo.sample_tab import samples
from vaegan_jax.demo.shape_wall import Latent, ShapeWall
from vaegan_jax.demo.viewer import gr, with_messages
from vaegan_jax.inference.interpolate import way_between
from vaegan_jax.inference.model import Model

Ends = tuple[Latent | None, Latent | None]
_STEPS = 8
_TAB = "interpolate"
_CHOOSE = "Take a shape of another tab as the start and one as the end."


def taken(ends: Ends, place: int, latent: Latent) -> Ends:
    """Ends of which one is new; the other goes if it is of another kind.

    Samples and pictures do not mix, because their latents are distributed differently.
    """
    other = ends[1 - place]
    if other is not None and other.sampled != latent.sampled:
        other = None
    return (latent, other) if place == 0 else (other, latent)


def way_of(model: Model, start: Latent, end: Latent) -> list[Latent]:
    """Latents on the way between two of one kind, both ends among them."""
    both = np.stack([start.numbers, end.numbers])
    way = way_between(model, both, start.sampled, _STEPS)
    names = [f"{i / _STEPS:.0%} of the way" for i in range(_STEPS + 1)]
    names[0], names[-1] = start.name, end.name
    between = zip(way, names, strict=True)
    return [Latent(numbers, start.sampled, name) for numbers, name in between]


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
            for place, label in enumerate(("Interpolate from here", "… to here")):

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
            words = (
                f"The start is {start.name}." if start else f"The end is {end.name}."
            )
            words += f" Now take the {'end' if start else 'start'}."
            gr.Info(words)
            return [ends, gr.skip(), words, *(gr.skip() for _ in self._wall.outputs)]
        words = f"From {start.name} to {end.name}."
        if not start.sampled:
            words += " What lies between is the generator's alone."
        way = way_of(self._model, start, end)
        filled = self._wall.fill(way, opened=_STEPS // 2)
        return [ends, gr.Tabs(selected=_TAB), words, *filled]
