"""What the page makes of pictures."""

import dataclasses
import os
import pathlib
import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from vaegan_jax.demo.downloads import KEPT_SECONDS, WRITER
from vaegan_jax.demo.latents import Latent
from vaegan_jax.demo.picture_cards import THUMBNAIL
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import FromPictures, Model
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.pictures.fitting import FittedPicture

MAX_PICTURES = 12


@dataclasses.dataclass(frozen=True)
class Reconstruction:
    """What became of the pictures of one object.

    Attributes:
      files: the pictures.
      fitted: as the model sees them; what was given is small.
      known: numbers of the cameras that were given by hand, NaN for the others.
      made: the shapes, without small parts, and all cameras.
    """

    files: list[str]
    fitted: list[FittedPicture]
    known: Float[np.ndarray, "v 4"]
    made: FromPictures

    @property
    def name(self) -> str:
        return f"{len(self.files)} picture{'s' if len(self.files) > 1 else ''}"

    def latent(self, model: Model) -> Latent:
        """Of the generator's shape."""
        views = np.stack([one.view for one in self.fitted])
        return Latent(model.encode(views[None], self.known[None])[0], False, self.name)


def reconstruct(
    model: Model, files: Sequence[str], known: Float[np.ndarray, "v 4"]
) -> Reconstruction | None:
    """The shape that pictures show; none without pictures.

    Raises:
      UserError: there are too many, or one cannot be used, or is not there any more.
    """
    if len(files) > MAX_PICTURES:
        raise UserError(f"{len(files)} pictures are too many; give {MAX_PICTURES}")
    if not files:
        return None
    if not all(map(os.path.exists, files)):  # the server's sweep
        raise UserError(
            f"pictures are kept for {KEPT_SECONDS // 60} minutes; load the page again "
            "and give them once more"
        )
    try:
        fitted = model.fit(files)
    except UserError as error:
        raise UserError(_with_names(str(error), files)) from error
    made = model.reconstruct_fitted(fitted, known)
    made = made._replace(shape=_clean(made.shape))
    if made.of_generator is not None:
        made = made._replace(of_generator=_clean(made.of_generator))
    return Reconstruction(list(files), list(map(_small, fitted)), known, made)


def added(
    model: Model, before: Reconstruction | None, files: Sequence[str]
) -> Reconstruction | None:
    """From further pictures of the same object as well."""
    if before is None:
        return reconstruct(model, files, _unknown(len(files)))
    known = np.concatenate([before.known, _unknown(len(files))])
    return reconstruct(model, [*before.files, *files], known)


def with_example(
    model: Model, before: Reconstruction | None, example: str
) -> Reconstruction | None:
    """From an example, beside others of the same object that are there already.

    Else from this one alone: if other pictures are there, or itself. Examples
    `chair_1.png` and `chair_2.png` show the same object.
    """
    there = before.files if before else []
    beside = example not in there and {*map(_shown_in, there)} == {_shown_in(example)}
    return added(model, before if beside else None, [example])


def corrected(
    model: Model, before: Reconstruction | None, card: dict
) -> Reconstruction | None:
    """After what was done on the card of a picture.

    As before, if the card is none of these any more: a click may come twice, the second
    when the first has removed its card.

    Args:
      model: with an encoder.
      before: what the card is of.
      card: `index` of the picture, `count` of all, and `action`: "remove", "estimate"
        its camera, or take the "camera" at `azimuth` and `elevation`, in degrees.

    Raises:
      UserError: that camera is impossible.
    """
    if before is None or int(card["count"]) != len(before.files):
        return before
    index, files, known = int(card["index"]), before.files, before.known.copy()
    if card["action"] == "remove":
        known = np.delete(known, index, axis=0)
        return reconstruct(model, [*files[:index], *files[index + 1 :]], known)
    known[index] = np.nan
    if card["action"] == "camera":
        known[index] = _moved(before.made.cameras[index].camera, card)
    return reconstruct(model, files, known)


def _moved(camera: ViewCamera, card: dict) -> Float[np.ndarray, "4"]:
    try:
        angles = {f"{k}_degrees": float(card[k]) for k in ("azimuth", "elevation")}
    except ValueError:
        raise UserError("a camera has an azimuth and an elevation; give both") from None
    return dataclasses.replace(camera, **angles).numbers


def _shown_in(example: str) -> str:
    """The path of a picture, without its number."""
    return re.sub(r"_\d+(?=\.\w+$)", "", example)


def _with_names(message: str, files: Sequence[str]) -> str:
    """A message that tells nothing of where uploads are."""
    for file in files:
        message = message.replace(file, pathlib.Path(file).name)
    return message


def _small(fitted: FittedPicture) -> FittedPicture:
    """For the state of a visitor, which the server keeps long after the visit."""
    given = fitted.given.copy()
    given.thumbnail((THUMBNAIL, THUMBNAIL))
    return dataclasses.replace(fitted, given=given, otherwise=None)


def _unknown(count: int) -> Float[np.ndarray, "v 4"]:
    return np.full((count, 4), np.nan)


def _clean(shape: Float[np.ndarray, "x y z"]) -> Float[np.ndarray, "x y z"]:
    return WRITER.clean(shape[None])[0]


def example_files(folder: str | os.PathLike | None) -> list[str]:
    """The PNG files of a folder, if there are any."""
    return sorted(map(str, pathlib.Path(folder).glob("*.png"))) if folder else []
