"""People's pictures, opened: upright, of eight bits, with what is in them in range."""

import dataclasses
import os

import numpy as np
from jaxtyping import Shaped, UInt8
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.pictures.heic import NEEDS, heic_formats, is_heic

PICTURE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
)
# Pillow knows more: some start other programs, as EPS does.
PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
Picture = str | os.PathLike | Image.Image | np.ndarray

_LARGEST = 2048  # pixels: larger pictures are reduced first, to spare memory
_BIT_DEPTHS = (8, 10, 12, 14, 16)
_RANGE = (0.1, 99.9)  # percentiles: single pixels may be hot or dead
_NEGATIVE = -0.1  # levels a little below zero come about by interpolation
_BRIGHT = 95.0  # percentile that becomes white where floats have no usual range
_EXPECTED = (
    "give (height, width) or (height, width, 1, 3 or 4), uint8 from 0 to 255 or floats "
    "from 0 to 1"
)


@dataclasses.dataclass(frozen=True)
class OpenedPicture:
    """A picture as it was given, but for its size and the range of its levels.

    Attributes:
      name: what messages call it.
      image: RGB, or RGBA if anything is transparent.
      notes: sentences, without the name, on what of it is not used.
    """

    name: str
    image: Image.Image
    notes: tuple[str, ...] = ()


def open_picture(picture: Picture) -> OpenedPicture:
    """Opens a file, an image or an array.

    Levels of other types than uint8 are scaled by what is in them: floats up to 1 and
    integers of 10 to 16 bits by their white, floats from −1 to 1 as such, other ones by
    their brightest twentieth. Of several frames or pages the first is taken, and
    EXIF's orientation is followed.

    Args:
      picture: a path, a Pillow image, or an array (h, w) or (h, w, 1, 2, 3 or 4), whose
        second and fourth channel is opacity.

    Raises:
      UserError: it is no picture, damaged, has too many pixels, or an array of another
        shape or type.
    """
    name = os.fspath(picture) if isinstance(picture, str | os.PathLike) else "a picture"
    notes = []
    try:
        if isinstance(picture, Image.Image):
            image = picture
        elif hasattr(picture, "__array__"):
            image = _image_of_array(np.asarray(picture))
        else:
            formats = (*PICTURE_FORMATS, *heic_formats())
            image = Image.open(picture, formats=formats)
        frames = getattr(image, "n_frames", 1)
        # Phones keep depth or brightness maps as further pictures of an MPO file.
        if frames > 1 and image.format != "MPO":
            notes.append(f"it has {frames} frames, of which the first is taken")
        image = ImageOps.exif_transpose(image)
        image.thumbnail((_LARGEST, _LARGEST))
        image = _as_rgba(image)
    except UserError as error:
        raise UserError(f"{name} {error}") from error
    except UnidentifiedImageError as error:
        if not heic_formats() and is_heic(picture):
            raise UserError(f"{name} is HEIC, which {NEEDS}") from error
        raise UserError(
            f"{name} cannot be read as a picture: it is none of {', '.join(formats)}, "
            "or damaged; save it as PNG"
        ) from error
    except Image.DecompressionBombError as error:
        raise UserError(f"{name} has too many pixels; make it smaller") from error
    except Exception as error:  # what Pillow raises for damaged files has no bounds
        reason = " ".join(str(error).split())  # HEIC's has lines
        raise UserError(f"{name} cannot be read as a picture: {reason}") from error
    opaque = np.asarray(image)[..., 3].min() == 255
    return OpenedPicture(name, image.convert("RGB") if opaque else image, tuple(notes))


def _image_of_array(array: np.ndarray) -> Image.Image:
    channels = array.shape[-1] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 2, 3, 4) or not array.size:
        raise UserError(f"is an array {array.shape}; {_EXPECTED}")
    if array.dtype.kind not in "buif":
        raise UserError(f"is an array of {array.dtype}; {_EXPECTED}")
    if channels == 1:
        return Image.fromarray(to_eight_bits(array.reshape(array.shape[:2])))
    colours = channels - 1 + channels % 2
    parts = [array[..., :colours], array[..., colours:]]
    levels = [to_eight_bits(part) for part in parts if part.size]
    return Image.fromarray(np.concatenate(levels, axis=-1))


def _as_rgba(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")) or (
        image.mode == "L" and image.getextrema()[1] == 1
    ):
        image = Image.fromarray(to_eight_bits(np.asarray(image)))
    elif image.mode == "LAB":
        profiles = (ImageCms.createProfile(space) for space in ("LAB", "sRGB"))
        image = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
    return image.convert("RGBA")


def to_eight_bits(levels: Shaped[np.ndarray, "..."]) -> UInt8[np.ndarray, "..."]:
    """Levels of any type and range as 0 (black) to 255 (white), see `open_picture`.

    Raises:
      UserError: some are not finite, or negative in no usual range; without a name.
    """
    if levels.dtype == np.uint8 and levels.max() != 1:
        return levels
    if not np.isfinite(levels).all():
        raise UserError("holds values that are not finite; replace them")
    low, high = np.percentile(levels.astype(np.float64), _RANGE)
    white, black = _white(levels, high), 0.0
    if low < _NEGATIVE:
        if low < -1.01 or white > 1:
            raise UserError(
                f"holds values from {low:.3g} to {high:.3g}, of which it is not clear "
                f"what is black and white; {_EXPECTED}"
            )
        black = -1.0
    scaled = (levels.astype(np.float64) - black) * (255 / (white - black))
    # As whole numbers: 65,535 levels become 255 by division by 257.
    whole = np.floor if levels.dtype.kind in "iu" else np.rint
    return np.clip(whole(scaled + 1e-9), 0, 255).astype(np.uint8)


def _white(levels: np.ndarray, high: float) -> float:
    """The level that stands for white, where `high` is about the highest."""
    if high <= 1.01:  # a little above one by interpolation
        return 1.0
    if levels.dtype.kind in "iu":
        whites = (2.0**bits - 1 for bits in _BIT_DEPTHS)
        return next((white for white in whites if high <= white), high)
    # Floats of a usual picture; those of a range of brightness seldom end near 255.
    return 255.0 if 32 < high <= 255 else float(np.percentile(levels, _BRIGHT))
