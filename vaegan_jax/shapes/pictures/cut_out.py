"""The object of a picture, told from its background and put on white."""

import dataclasses

import numpy as np
import scipy.ndimage
from jaxtyping import Bool, Float
from PIL import Image, ImageOps

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.colours import MODES, NEARLY_WHITE, luma
from vaegan_jax.shapes.pictures.backgrounds import border_pixels, find_background
from vaegan_jax.shapes.pictures.files import OpenedPicture
from vaegan_jax.shapes.pictures.framing import large_parts
from vaegan_jax.shapes.pictures.sheets import find_sheet, without_bars

_WHITE = 255.0
_RAMP = 24.0  # grey levels from background to object, at soft edges
_DEEPEST = 3  # sheets within sheets, as framed pages in screenshots
_HARDLY = 0.05  # opacity of what is not seen
_MOSTLY_OPAQUE = 0.9  # of a picture: the rest is no background
_SHADOW = (0.6, 40.0)  # what is less opaque and darker, away from an object, is shade
_DARK = 60.0  # backgrounds below may be those of negatives
_STEP = 16.0  # grey levels: smaller differences are noise
_LIT_FROM_BELOW = -0.6  # of differences downwards; one in 1,500 views is darker
_PAPER = 150.0  # the darkest that uneven backgrounds are taken for white paper
_LIGHT = 225.0  # the median of lighter objects is nearly white
_CONTRAST = 40.0  # grey levels: less is noise
_TONES = (90.0, 200.0)  # that the darkest and lightest of these get


@dataclasses.dataclass(frozen=True)
class CutOut:
    """An object on white.

    Attributes:
      levels: from 0 to 255, of one channel or three.
      mask: where the object is.
      solid: where it is without soft edges and shade.
      transparent: whether transparency told where it is.
      darkened: whether it was nearly white.
      on_black: whether its background was dark.
      notes: what was decided on the way that may be wrong.
    """

    levels: Float[np.ndarray, "h w c"]
    mask: Bool[np.ndarray, "h w"]
    solid: Bool[np.ndarray, "h w"]
    transparent: bool
    darkened: bool = False
    on_black: bool = False
    notes: tuple[str, ...] = ()

    @property
    def grey(self) -> Float[np.ndarray, "h w"]:
        """The levels as one channel."""
        if self.levels.shape[-1] == 1:
            return self.levels[..., 0]
        return luma(np.rint(self.levels).astype(np.uint8)).astype(np.float32)


def cut_out(picture: OpenedPicture, channels: int = 1) -> CutOut:
    """Finds the object by transparency or by the colour of the border.

    A sheet with an object on it (a framed page, a screenshot with a shadow or rounded
    corners) is not taken for the object. A negative is inverted, and an object as light
    as the white of training is made darker.

    Args:
      picture: in colour.
      channels: of the levels, 1 or 3; all else is the same for both.

    Raises:
      UserError: the picture is blank, or its background is not plain.
    """
    image, notes = picture.image, []
    for _ in range(_DEEPEST):
        image = without_bars(image)
        found = _find_object(picture.name, image, channels)
        sheet = find_sheet(image, found.solid)
        if sheet is None:
            break
        image = sheet
        notes.append("what lies round the sheet that shows the object is left out")
    if _is_negative(image, found):
        image = ImageOps.invert(image)
        found = _find_object(picture.name, image, channels)
        notes.append("it looks like a negative, so it is inverted")
    elif _is_on_black(image, found):
        found = dataclasses.replace(found, on_black=True)
        notes.append("its dark background becomes white; invert a negative first")
    if np.median(found.grey[inside(found.mask)]) > _LIGHT:
        found = dataclasses.replace(found, levels=_darkened(found), darkened=True)
        notes.append("the object is nearly white, so it is made darker")
    return dataclasses.replace(found, notes=(*found.notes, *notes))


def _find_object(name: str, image: Image.Image, channels: int) -> CutOut:
    found = None
    if image.mode == "RGBA":
        found = _by_transparency(image, channels)
        image = _opaque(image)
    found = found or _by_border(name, image, channels)
    if not found.mask.any():
        raise UserError(f"{name} is blank; give a picture that shows an object")
    return found


def _levels(image: Image.Image, channels: int) -> Float[np.ndarray, "h w c"]:
    """Without the opacity, if there is any."""
    levels = np.asarray(image.convert(MODES[channels]), np.float32)
    return levels.reshape(*levels.shape[:2], channels)


def _by_transparency(image: Image.Image, channels: int) -> CutOut | None:
    """None if hardly anything is transparent: then that is no background."""
    opacity = np.asarray(image, np.float32)[..., 3] / 255
    seen = opacity > _HARDLY
    if np.ptp(opacity) == 0 or (opacity >= 0.5).mean() > _MOSTLY_OPAQUE:
        return None
    usual = float(np.percentile(opacity[seen], 95)) if seen.any() else 1.0
    opacity = np.minimum(opacity / usual, 1) if usual < 1 else opacity
    colours = np.asarray(image, np.float32)[..., :3].max(-1)
    object_ = scipy.ndimage.binary_dilation(opacity > _SHADOW[0])
    shade = (opacity <= _SHADOW[0]) & (colours < _SHADOW[1]) & ~object_
    opacity = np.where(shade, np.float32(0), opacity)
    levels = _blend(_levels(image, channels), opacity[..., None])
    return CutOut(levels, opacity > _HARDLY, opacity >= 0.5, True)


def _opaque(image: Image.Image) -> Image.Image:
    """The colours, with what is transparent in that of the opaque border."""
    rgba = np.asarray(image, np.float32)
    colours, opacity = rgba[..., :3], rgba[..., 3:] / 255
    if np.ptp(opacity) == 0:
        return image.convert("RGB")
    edge = border_pixels(rgba)
    edge = edge[edge[:, 3] >= 128, :3]
    filling = np.median(edge, axis=0) if len(edge) else np.full(3, _WHITE)
    return Image.fromarray(np.rint(_blend(colours, opacity, filling)).astype(np.uint8))


def _by_border(name: str, image: Image.Image, channels: int) -> CutOut:
    levels = _levels(image, channels)
    colours = np.asarray(image, np.float32)
    background = find_background(name, colours)
    distance = background.distance(colours)
    mask = distance > background.tolerance
    if background.even and background.colour.min() >= NEARLY_WHITE:
        # Soft edges stay as they are.
        return CutOut(_brightened(levels, background.colour), mask, mask, False)
    opacity = np.clip((distance - background.tolerance) / _RAMP, 0, 1)
    # Only edges are soft, however like the background the object is.
    opacity[scipy.ndimage.binary_erosion(mask, np.ones((3, 3)))] = 1
    if background.even:
        return CutOut(_blend(levels, opacity[..., None]), mask, mask, False)
    mask = large_parts(mask)
    opacity *= scipy.ndimage.binary_dilation(mask, iterations=2)
    if background.colour.min() >= _PAPER:
        levels = _brightened(levels, background.colour)
    note = "its background is uneven, so the object may be cut out wrongly"
    cut = _blend(levels, opacity[..., None])
    return CutOut(cut, mask, mask, False, notes=(note,))


def _is_negative(image: Image.Image, found: CutOut) -> bool:
    """Whether a picture on black is lit from below, as negatives of renderings are."""
    if not _is_on_black(image, found):
        return False
    grey = np.asarray(image.convert("L"), np.float32)
    within = inside(found.mask)
    steps = (grey[:-1] - grey[1:])[within[:-1] & within[1:]]
    steps = steps[np.abs(steps) >= _STEP]
    return bool(steps.sum() < _LIT_FROM_BELOW * np.abs(steps).sum())


def _brightened(levels: np.ndarray, background: np.ndarray) -> np.ndarray:
    """As if light paper that is shaded or tinted were white."""
    if levels.shape[-1] == 1:
        background = background.mean(-1, keepdims=True)
    return np.minimum(levels * (_WHITE / background), _WHITE)


def _is_on_black(image: Image.Image, found: CutOut) -> bool:
    edge = border_pixels(np.asarray(image.convert("L"), np.float32))
    return not found.transparent and bool(np.median(edge) <= _DARK)


def inside(mask: Bool[np.ndarray, "h w"], edge: int = 2) -> Bool[np.ndarray, "h w"]:
    """Without soft edges of some pixels, unless it is nothing but edges."""
    eroded = scipy.ndimage.binary_erosion(mask, iterations=edge)
    return eroded if eroded.any() else mask


def _darkened(found: CutOut) -> np.ndarray:
    """The levels, those of the object stretched over the tones of training."""
    low, high = np.percentile(found.grey[inside(found.mask)], [5, 95])
    darkest, lightest = _TONES
    share = np.clip((found.levels - low) / max(high - low, _CONTRAST), 0, 1)
    stretched = darkest + share * (lightest - darkest)
    return np.where(found.mask[..., None], stretched, _WHITE)


def _blend(levels: np.ndarray, opacity: np.ndarray, behind=_WHITE) -> np.ndarray:
    return opacity * levels + (1 - opacity) * behind
