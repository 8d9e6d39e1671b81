"""Pictures that people bring, fitted to what the views of training look like."""

import dataclasses
import warnings

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from vaegan_jax.shapes.colours import luma
from vaegan_jax.shapes.pictures.checks import notes_on_picture, notes_on_view
from vaegan_jax.shapes.pictures.cut_out import CutOut, cut_out
from vaegan_jax.shapes.pictures.files import OpenedPicture, Picture, open_picture
from vaegan_jax.shapes.pictures.framing import (
    Framing,
    Window,
    resized_window,
    usual_framing,
)

_COARSE = 0.75  # of the pixels that the model sees


@dataclasses.dataclass(frozen=True)
class FittedPicture:
    """What became of a picture.

    Attributes:
      view: what the encoder sees.
      given: the picture, upright, RGB or RGBA.
      name: what messages call it.
      notes: sentences, without the name, on what may be wrong.
      moved: whether the object has another size or place than in the picture.
      otherwise: the same as given if it was moved, or else moved, where it is not clear
        which is framed as in training; None where it is.
    """

    view: UInt8[np.ndarray, "h w c"]
    given: Image.Image
    name: str
    notes: tuple[str, ...]
    moved: bool = False
    otherwise: "FittedPicture | None" = None


def fit_picture(
    picture: Picture,
    image_size: int,
    keep_framing: bool = False,
    framing: Framing | None = None,
    channels: int = 1,
) -> UInt8[np.ndarray, "h w c"]:
    """A picture of one object as a view: on white, framed as in training.

    What is transparent or of the colour of the border becomes white. A picture whose
    object already has the size and place that are usual in training is only resized.
    Warns of what the encoder will hardly see right; see `fit_and_tell`.

    Args:
      picture: a file, an image, or an array (h, w) or (h, w, 1, 3 or 4) of uint8, or of
        floats from 0 to 1; grey or colour, with or without transparency, of any size.
      image_size: height and width of the view in pixels.
      keep_framing: do not move or scale the object; what is not square is padded.
      framing: of the views of training; default `usual_framing`.
      channels: of the view: 1 for grey, 3 for colour. The object is cut out and framed
        alike.

    Raises:
      UserError: if the picture cannot be read, is blank or a mask, has no plain
        background, or shows nearly nothing or nothing but an object.
    """
    fitted = fit_and_tell(picture, image_size, keep_framing, framing, channels)
    for note in fitted.notes:
        warnings.warn(f"{fitted.name}: {note}", stacklevel=2)
    return fitted.view


def fit_and_tell(
    picture: Picture,
    image_size: int,
    keep_framing: bool = False,
    framing: Framing | None = None,
    channels: int = 1,
) -> FittedPicture:
    """As `fit_picture`, with the picture and with notes instead of warnings."""
    opened = open_picture(picture)
    found = cut_out(opened, channels)
    height, width = found.mask.shape
    side = float(max(height, width))
    given = (height - side) / 2, (width - side) / 2, side
    windows = [given]
    if not keep_framing:
        windows = (framing or usual_framing()).windows(found.mask)
    first, *others = (
        _framed(opened, found, window, window != given, image_size)
        for window in windows
    )
    return dataclasses.replace(first, otherwise=others[0]) if others else first


def _framed(
    opened: OpenedPicture, found: CutOut, window: Window, moved: bool, image_size: int
) -> FittedPicture:
    """What the encoder sees of a picture through a window."""
    bands = np.moveaxis(found.levels, -1, 0)
    view = np.stack([resized_window(x, *window, image_size) for x in bands], axis=-1)
    shown = resized_window(np.where(found.mask, 0.0, 255.0), *window, image_size) < 128
    notes = (
        *opened.notes,
        *found.notes,
        *notes_on_picture(opened.name, found),
        *notes_on_view(opened.name, luma(view), shown, found),
    )
    if window[2] < _COARSE * image_size:
        coarse = f"the object has fewer pixels than the model sees, {image_size} a side"
        notes = (*notes, coarse)
    return FittedPicture(view, opened.image, opened.name, notes, moved)
