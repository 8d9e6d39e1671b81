"""Whether a picture that was cut out and fitted can tell a model of its object."""

import numpy as np
import scipy.ndimage
from jaxtyping import Bool, UInt8

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.colours import NEARLY_WHITE
from vaegan_jax.shapes.pictures.cut_out import CutOut, inside
from vaegan_jax.shapes.pictures.framing import large_parts, object_box

_NOTHING, _LITTLE = 0.003, 0.02  # of a view that is seen; in training 0.09 at least
_HIDDEN = 0.5  # of an object that is as light as the background
_RECTANGLE = 0.985  # of its box that an object fills; in training 0.92 at most
_WHOLE = 0.6  # of a picture that is all object, if that is a rectangle
_FLAT = (8.0, 0.95)  # grey levels, and the share of an object that is within them
_BLACK = 30.0  # flat objects that are darker are masks
_SPECKS = 0.05  # of what is no background
_WITHIN = 0.012  # of the diagonal of its box: where edges are looked at
_PALE = 222.0  # grey level
_SOFT = 0.3  # of the edge
_CUT = 0.05  # of the object's height or width that lies on the picture's edge


def notes_on_picture(name: str, found: CutOut) -> list[str]:
    """What the object in the picture tells of how it was cut out.

    Raises:
      UserError: it fills the picture, as a busy background does.
    """
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
    specks = 1 - mask.sum() / found.mask.sum()
    if specks > _SPECKS:
        notes.append(f"{specks:.0%} of what is no background are specks, as of noise")
    if _soft_edge(found.grey, mask) > _SOFT:
        notes.append("the object ends softly, as shadows do; cut a shadow off first")
    return notes


def _soft_edge(grey: np.ndarray, mask: np.ndarray) -> float:
    """The share of an object that is nearly white somewhat within its outline."""
    filled = scipy.ndimage.binary_fill_holes(mask)
    within = max(2, round(_WITHIN * float(np.hypot(*np.ptp(object_box(mask), axis=1)))))
    depth = scipy.ndimage.distance_transform_edt(np.pad(filled, 1))[1:-1, 1:-1]
    band = mask & (depth > within) & (depth <= within + 1)
    return float((grey[band] > _PALE).mean()) if band.any() else 0.0


def notes_on_view(
    name: str,
    view: UInt8[np.ndarray, "h w"],
    shown: Bool[np.ndarray, "h w"],
    found: CutOut,
) -> list[str]:
    """What the encoder will see of the object.

    Args:
      name: of the picture, for messages.
      view: what the encoder will see, in grey.
      shown: where the object is in it.
      found: the object before it was framed.

    Raises:
      UserError: it will see nearly nothing, or a mask.
    """
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
    if _is_flat(view):
        if found.darkened or found.on_black or np.median(view[seen]) <= _BLACK:
            raise UserError(
                f"{name} is a mask, an outline without shading, which the model needs; "
                "give the picture itself"
            )
        notes.append("the object has no shading, which the model takes the shape from")
    return notes


def _is_flat(view: UInt8[np.ndarray, "h w"]) -> bool:
    """Whether the object is all of one grey, as masks are."""
    levels = view[inside(view < NEARLY_WHITE, 1)].astype(float)
    tolerance, share = _FLAT
    return bool((np.abs(levels - np.median(levels)) <= tolerance).mean() >= share)
