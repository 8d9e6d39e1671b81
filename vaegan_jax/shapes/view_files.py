"""Pictures that people bring, fitted to what the views of training look like."""

import dataclasses
import warnings

import numpy as np
import scipy.ndimage
from jaxtyping import Bool, UInt8
from PIL import Image

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cut_out import CutOut, cut_out, inside
from vaegan_jax.shapes.framing import (
    NEARLY_WHITE,
    Framing,
    large_parts,
    object_box,
    resized_window,
    usual_framing,
)
from vaegan_jax.shapes.picture_files import Picture, open_picture

_NOTHING, _LITTLE = 0.003, 0.02  # of a view that is seen; in training 0.09 at least
_HIDDEN = 0.5  # of an object that is as light as the background
_RECTANGLE = 0.985  # of its box that an object fills; in training 0.92 at most
_WHOLE = 0.6  # of a picture that is all object, if that is a rectangle
_FLAT = (8.0, 0.95)  # grey levels, and the share of an object that is within them
_BLACK = 30.0  # flat objects that are darker are masks
_CUT = 0.05  # of the object's height or width that lies on the picture's edge


@dataclasses.dataclass(frozen=True)
class FittedPicture:
    """What became of a picture.

    Attributes:
      view: what the encoder sees.
      given: the picture, upright, RGB or RGBA.
      name: what messages call it.
      notes: sentences, without the name, on what may be wrong.
    """

    view: UInt8[np.ndarray, "h w 1"]
    given: Image.Image
    name: str
    notes: tuple[str, ...]


def fit_picture(
    picture: Picture,
    image_size: int,
    keep_framing: bool = False,
    framing: Framing | None = None,
) -> UInt8[np.ndarray, "h w 1"]:
    """A picture of one object as a view: grey, on white, framed as in training.

    What is transparent or of the colour of the border becomes white. A picture whose
    object already has the size and place that are usual in training is only resized.
    Warns of what the encoder will hardly see right; see `fit_and_tell`.

    Args:
      picture: a file, an image, or an array (h, w) or (h, w, 1, 3 or 4) of uint8, or of
        floats from 0 to 1; grey or colour, with or without transparency, of any size.
      image_size: height and width of the view in pixels.
      keep_framing: do not move or scale the object; what is not square is padded.
      framing: of the views of training; default `usual_framing`.

    Raises:
      UserError: if the picture cannot be read, is blank or a mask, has no plain
        background, or shows nearly nothing or nothing but an object.
    """
    fitted = fit_and_tell(picture, image_size, keep_framing, framing)
    for note in fitted.notes:
        warnings.warn(f"{fitted.name}: {note}", stacklevel=2)
    return fitted.view


def fit_and_tell(
    picture: Picture,
    image_size: int,
    keep_framing: bool = False,
    framing: Framing | None = None,
) -> FittedPicture:
    """As `fit_picture`, with the picture and with notes instead of warnings."""
    opened = open_picture(picture)
    found = cut_out(opened)
    if keep_framing:
        height, width = found.grey.shape
        side = float(max(height, width))
        window = (height - side) / 2, (width - side) / 2, side
    else:
        window = (framing or usual_framing()).window(found.mask)
    view = resized_window(found.grey, *window, image_size)
    shown = resized_window(np.where(found.mask, 0.0, 255.0), *window, image_size) < 128
    notes = (
        *opened.notes,
        *found.notes,
        *_notes_on_place(opened.name, found),
        *_notes_on_view(opened.name, view, shown),
        *_notes_on_shading(opened.name, view, found.darkened),
    )
    return FittedPicture(view[..., None], opened.image, opened.name, notes)


def _notes_on_place(name: str, found: CutOut) -> list[str]:
    """What the object's place in the picture tells of how it was cut out."""
    mask = large_parts(found.mask)
    (top, bottom), (left, right) = object_box(mask).astype(int)
    box = (bottom - top) * (right - left)
    filled = scipy.ndimage.binary_fill_holes(mask).sum() / box
    if filled >= _RECTANGLE and box >= _WHOLE * mask.size:
        raise UserError(
            f"{name}: what is no background fills the picture, so no object is seen in "
            "it; cut the object out and save it as PNG with a transparent background"
        )
    notes = []
    if filled >= _RECTANGLE:
        notes.append("the object is a rectangle; if that is a sheet, cut it out")
    edges = {
        "top": mask[0].sum() / (right - left),
        "bottom": mask[-1].sum() / (right - left),
        "left": mask[:, 0].sum() / (bottom - top),
        "right": mask[:, -1].sum() / (bottom - top),
    }
    cut = [edge for edge, share in edges.items() if share > _CUT]
    # What is cut out is often cropped to its box.
    if cut and not (found.transparent and box == mask.size):
        notes.append(
            f"the object reaches the {' and '.join(cut)} of the picture; if it is cut "
            "off there, give a picture that shows all of it"
        )
    return notes


def _notes_on_view(
    name: str, view: UInt8[np.ndarray, "h w"], shown: Bool[np.ndarray, "h w"]
) -> list[str]:
    """What the encoder will see of the object."""
    seen = view < NEARLY_WHITE
    if seen.mean() < _NOTHING:
        raise UserError(
            f"{name}: the model would see nearly nothing, because the object is tiny "
            "or as light as its background; give a picture that shows it large and dark"
        )
    notes = []
    if seen.mean() < _LITTLE:
        notes.append(f"the object covers only {seen.mean():.1%} of what the model sees")
    hidden = 1 - (seen & shown).sum() / max(1, shown.sum())
    if hidden > _HIDDEN:
        notes.append(f"{hidden:.0%} of the object is as light as its background")
    return notes


def _notes_on_shading(
    name: str, view: UInt8[np.ndarray, "h w"], darkened: bool
) -> list[str]:
    """Whether the object is all of one grey, as masks are."""
    levels = view[inside(view < NEARLY_WHITE, 1)].astype(float)
    middle = float(np.median(levels))
    tolerance, share = _FLAT
    if (np.abs(levels - middle) <= tolerance).mean() < share:
        return []
    if darkened or middle <= _BLACK:
        raise UserError(
            f"{name} is a mask, an outline without shading, which the model needs; "
            "give the picture itself"
        )
    return ["the object has no shading, which the model takes the shape from"]
