"""Sheets in pictures: a page in a frame, a screenshot with rounded corners."""

import numpy as np
import scipy.ndimage
import skimage.morphology
from jaxtyping import Bool
from PIL import Image

from vaegan_jax.shapes.pictures.backgrounds import PLAIN, TOLERANCE, border_colour
from vaegan_jax.shapes.pictures.framing import large_parts

_ANALYSED = 512  # pixels along the longer side
_LEAST = 0.45  # of the picture; objects of training cover less
_CONVEX = 0.97  # of its convex hull is sheet
_EDGE = 3  # pixels, soft or shaded
_RING = 6  # pixels from the edge, where a sheet shows nothing but itself
_PLAIN = 0.9  # of the ring is of one colour
_ALL = 0.98  # of the picture: a thinner frame was drawn over it
_SHOWN = (0.005, 0.9)  # shares of a sheet that an object on it may have


def find_sheet(image: Image.Image, mask: Bool[np.ndarray, "h w"]) -> Image.Image | None:
    """What is taken for an object, if it is a sheet with an object on it.

    A sheet is large and convex, plain along its edge, and shows something within.

    Args:
      image: the picture.
      mask: where what was taken for an object is.

    Returns:
      The sheet alone as RGB, the rest of its rectangle in its own colour; None if it is
      none.
    """
    step = -(-max(mask.shape) // _ANALYSED)
    colours = np.asarray(image.convert("RGB"), np.float32)[::step, ::step]
    sheet = large_parts(mask[::step, ::step]) if mask[::step, ::step].any() else None
    if sheet is None:
        return None
    sheet = scipy.ndimage.binary_fill_holes(sheet)
    if sheet.mean() < _LEAST:
        return None
    hull = skimage.morphology.convex_hull_image(sheet)
    if sheet.sum() < _CONVEX * hull.sum():
        return None
    padded = np.pad(sheet, 1)
    depth = scipy.ndimage.distance_transform_edt(padded)[1:-1, 1:-1]
    ring, inside = (depth > _EDGE) & (depth <= _RING), depth > _RING
    if not ring.any() or not inside.any():
        return None
    colour = np.median(colours[ring], axis=0)
    differs = np.abs(colours - colour).max(-1) > 2 * TOLERANCE
    shown = differs[inside].sum() / sheet.sum()
    if differs[ring].mean() > 1 - _PLAIN or not _SHOWN[0] <= shown <= _SHOWN[1]:
        return None
    return _only_sheet(image, sheet, depth > _EDGE, step, colour)


def without_bars(image: Image.Image) -> Image.Image:
    """A picture without two bars of one colour at opposite edges, as films have them.

    Only of pictures whose border is not plain, and plain without the bars.
    """
    colours = np.asarray(image.convert("RGB"), np.float32)
    if border_colour(colours)[1].mean() >= PLAIN:
        return image
    for axis in (0, 1):
        lines = np.moveaxis(colours, axis, 0)
        differs = np.abs(lines - np.median(lines[0], axis=0)).max(-1) > 2 * TOLERANCE
        shown = np.flatnonzero(differs.mean(1) > 1 - _PLAIN)
        if not len(shown) or shown[0] == 0 or shown[-1] == len(lines) - 1:
            continue
        first, last = int(shown[0]), int(shown[-1]) + 1
        between = np.moveaxis(lines[first:last], 0, axis)
        if border_colour(between)[1].mean() >= _PLAIN:
            box = [0, first, image.width, last]
            return image.crop(box if axis == 0 else (first, 0, last, image.height))
    return image


def _only_sheet(image, sheet, inside, step: int, colour) -> Image.Image:
    height, width = image.height, image.width
    inside = inside.repeat(step, 0).repeat(step, 1)[:height, :width]
    plain = Image.new("RGB", image.size, tuple(np.rint(colour).astype(int).tolist()))
    plain.paste(image.convert("RGB"), mask=Image.fromarray(inside))
    rows, columns = (np.flatnonzero(sheet.any(axis)) * step for axis in (1, 0))
    bottom, right = rows[-1] + step, columns[-1] + step
    if bottom - rows[0] >= _ALL * height and right - columns[0] >= _ALL * width:
        return plain
    return plain.crop((columns[0], rows[0], min(right, width), min(bottom, height)))
