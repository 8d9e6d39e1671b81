"""Pictures in, a shape out."""

import os

from vaegan_jax.demo.picture_cards import LISTEN, picture_cards
from vaegan_jax.demo.reconstruction import (
    MAX_PICTURES,
    Reconstruction,
    added,
    corrected,
    example_files,
    with_example,
)
from vaegan_jax.demo.viewer import Viewer, gr, tiles, with_messages
from vaegan_jax.inference.model import Model
from vaegan_jax.shapes.drawing import GENERATOR_ALONE, REFINED

DIFFERENCE = "difference"
_HINT = "Click an example, or give pictures of one object: its shape turns here."


class ReconstructTab:
    """The tab; to be made inside of it.

    Attributes:
      state: with a `Reconstruction`, or None.
      below: a row below the shape.
    """

    def __init__(self, model: Model, examples: str | os.PathLike | None):
        self._model = model
        with gr.Row(elem_classes="halves"):
            with gr.Column(min_width=300):
                files = example_files(examples)
                shown = None
                if files:
                    gr.Markdown("Click an example, or several of one object …")
                    shown = tiles(files, "examples")
                gr.Markdown(
                    f"{'… or give' if files else 'Give'} 1 to {MAX_PICTURES} pictures "
                    "of one object, on a plain background."
                )
                upload = gr.File(
                    show_label=False,
                    file_count="multiple",
                    file_types=["image"],
                    height=130,
                )
                cards = gr.HTML(js_on_load=LISTEN)
            with gr.Column(min_width=300, elem_classes="stays"):
                self._choice = gr.Radio(
                    [REFINED, GENERATOR_ALONE, DIFFERENCE],
                    value=REFINED,
                    show_label=False,
                    container=False,
                    visible=False,
                )
                self._viewer = Viewer(_HINT)
                self.below = gr.Row(visible=False)
        self.state = gr.State(None)
        outputs = [self.state, cards, self._choice, self.below]
        outputs += self._viewer.outputs
        self._connect(upload, cards, outputs)
        if shown is not None:

            def example(before, choice, event: gr.SelectData):
                made = with_example(self._model, before, files[event.index])
                return self._values(made, choice)

            inputs = [self.state, self._choice]
            self._run(shown.select, example, inputs, outputs)

    def _run(self, event, function, inputs: list, outputs: list) -> None:
        waiting = self._viewer.outputs[0]
        event(with_messages(function), inputs, outputs, show_progress_on=waiting)

    def _connect(self, upload: gr.File, cards: gr.HTML, outputs: list) -> None:
        def add(before, choice, files):
            return self._values(added(self._model, before, files or []), choice)

        def card(before, choice, event: gr.EventData):
            return self._values(corrected(self._model, before, event._data), choice)

        inputs = [self.state, self._choice]
        self._run(upload.upload, add, [*inputs, upload], outputs)
        upload.upload(lambda: None, None, upload, show_progress="hidden")
        self._run(cards.click, card, inputs, outputs)
        self._choice.input(self._choose, inputs, self._viewer.outputs)

    def _values(self, now: Reconstruction | None, choice: str) -> list:
        """Of the outputs of all events that reconstruct."""
        refined = now is not None and now.made.of_generator is not None
        cards = "" if now is None else self._cards(now)
        shown = gr.update(visible=refined), gr.update(visible=now is not None)
        return [now, cards, *shown, *self._choose(now, choice)]

    def _cards(self, now: Reconstruction) -> str:
        encoder = self._model.networks.encoder
        matters = self._model.networks.refiner is not None or (
            encoder.azimuths > 0 and encoder.azimuth_heads
        )
        return picture_cards(now.fitted, now.made.cameras, matters)

    def _choose(self, now: Reconstruction | None, choice: str) -> list:
        """Of the viewer."""
        if now is None:
            return self._viewer.hide()
        before, name = now.made.of_generator, f"from {now.name}"
        if before is None or choice == REFINED:
            return self._viewer.show(now.made.shape, name)
        name = f"{name}, {choice}"
        if choice == GENERATOR_ALONE:
            return self._viewer.show(before, name)
        return self._viewer.show(now.made.shape, name, before)
