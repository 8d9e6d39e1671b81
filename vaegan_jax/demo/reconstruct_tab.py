"""Pictures in, a shape out."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from vaegan_jax.demo.picture_cards import LISTEN, picture_cards
from vaegan_jax.demo.shape_wall import Latent
from vaegan_jax.demo.viewer import WRITER, Viewer, gr, tiles, with_messages
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import FromPictures, Model
from vaegan_jax.shapes.drawing import GENERATOR_ALONE, REFINED
from vaegan_jax.shapes.pictures.fitting import FittedPicture

MAX_PICTURES = 12
DIFFERENCE = "difference"
_HINT = "Click an example, or give pictures of one object: its shape turns here."


@dataclasses.dataclass(frozen=True)
class Reconstruction:
    """What became of the pictures of one object.

    Attributes:
      files: the pictures.
      fitted: as the model sees them.
      known: numbers of the cameras that were given by hand, NaN for the others.
      made: the shapes, without small parts, and all cameras.
    """

    files: list[str]
    fitted: list[FittedPicture]
    known: Float[np.ndarray, "v 4"]
    made: FromPictures

    @property
    def name(self) -> str:
        return f"from {len(self.files)} picture{'s' if len(self.files) > 1 else ''}"

    def latent(self, model: Model) -> Latent:
        """Of the generator's shape."""
        views = np.stack([one.view for one in self.fitted])
        return Latent(model.encode(views[None], self.known[None])[0], False, self.name)


def reconstruct(
    model: Model, files: Sequence[str], known: Float[np.ndarray, "v 4"]
) -> Reconstruction | None:
    """The shape that pictures show; none without pictures.

    Raises:
      UserError: there are too many, or one cannot be used.
    """
    if len(files) > MAX_PICTURES:
        raise UserError(f"{len(files)} pictures are too many; give {MAX_PICTURES}")
    if not files:
        return None
    fitted = model.fit(files)
    made = model.reconstruct_fitted(fitted, known)
    made = made._replace(shape=_clean(made.shape))
    if made.of_generator is not None:
        made = made._replace(of_generator=_clean(made.of_generator))
    return Reconstruction(list(files), fitted, known, made)


def added(
    model: Model, before: Reconstruction | None, files: Sequence[str]
) -> Reconstruction | None:
    """From further pictures of the same object as well."""
    if before is None:
        return reconstruct(model, files, _unknown(len(files)))
    known = np.concatenate([before.known, _unknown(len(files))])
    return reconstruct(model, [*before.files, *files], known)


def corrected(
    model: Model, before: Reconstruction, card: dict
) -> Reconstruction | None:
    """After what was done on the card of a picture.

    Args:
      model: with an encoder.
      before: what the card is of.
      card: `index` of the picture and `action`: "remove", "estimate" its camera, or
        take the "camera" at `azimuth` and `elevation`, in degrees.

    Raises:
      UserError: that camera is impossible.
    """
    index, files, known = int(card["index"]), before.files, before.known.copy()
    if card["action"] == "remove":
        known = np.delete(known, index, axis=0)
        return reconstruct(model, [*files[:index], *files[index + 1 :]], known)
    known[index] = np.nan
    if card["action"] == "camera":
        known[index] = _moved(before.made.cameras[index].camera, card)
    return reconstruct(model, files, known)


def _moved(camera, card: dict) -> Float[np.ndarray, "4"]:
    try:
        angles = {f"{k}_degrees": float(card[k]) for k in ("azimuth", "elevation")}
    except ValueError:
        raise UserError("a camera has an azimuth and an elevation; give both") from None
    return dataclasses.replace(camera, **angles).numbers


def _unknown(count: int) -> Float[np.ndarray, "v 4"]:
    return np.full((count, 4), np.nan)


def _clean(shape: Float[np.ndarray, "x y z"]) -> Float[np.ndarray, "x y z"]:
    return WRITER.clean(shape[None])[0]


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
                    gr.Markdown("Click an example …")
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
                self._viewer = Viewer(_HINT)
                self._choice = gr.Radio(
                    [REFINED, GENERATOR_ALONE, DIFFERENCE],
                    value=REFINED,
                    label="What the refiner made of the generator's shape",
                    visible=False,
                )
                self.below = gr.Row(visible=False)
        self.state = gr.State(None)
        outputs = [self.state, upload, cards, self._choice, self.below]
        outputs += self._viewer.outputs
        self._connect(upload, cards, outputs)
        if shown is not None:

            def example(choice, event: gr.SelectData):
                made = added(self._model, None, [files[event.index]])
                return self._values(made, choice)

            self._run(shown.select, example, [self._choice], outputs)

    def _run(self, event, function, inputs: list, outputs: list) -> None:
        waiting = self._viewer.outputs[0]
        event(with_messages(function), inputs, outputs, show_progress_on=waiting)

    def _connect(self, upload: gr.File, cards: gr.HTML, outputs: list) -> None:
        def add(before, choice, files):
            return self._values(added(self._model, before, files or []), choice)

        def card(before, choice, event: gr.EventData):
            # A click may come twice, the second when the first has removed its card.
            if before is None or int(event.index) >= len(before.files):
                return gr.skip()
            return self._values(corrected(self._model, before, event._data), choice)

        inputs = [self.state, self._choice]
        self._run(upload.upload, add, [*inputs, upload], outputs)
        self._run(cards.click, card, inputs, outputs)
        self._choice.input(self._choose, inputs, self._viewer.outputs)

    def _values(self, now: Reconstruction | None, choice: str) -> list:
        """Of the outputs of all events that reconstruct."""
        refined = now is not None and now.made.of_generator is not None
        cards = "" if now is None else self._cards(now)
        shown = gr.update(visible=refined), gr.update(visible=now is not None)
        return [now, None, cards, *shown, *self._choose(now, choice)]

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
        before = now.made.of_generator
        if before is None or choice == REFINED:
            return self._viewer.show(now.made.shape, now.name)
        name = f"{now.name}, {choice}"
        if choice == GENERATOR_ALONE:
            return self._viewer.show(before, name)
        return self._viewer.show(now.made.shape, name, before)


def example_files(folder: str | os.PathLike | None) -> list[str]:
    """The PNG files of a folder, if there are any."""
    return sorted(map(str, pathlib.Path(folder).glob("*.png"))) if folder else []
