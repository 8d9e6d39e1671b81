"""Pictures that people bring, fitted to what the views of training look like."""

import os
import pathlib
import re

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image, ImageOps

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.framing import (
    NEARLY_WHITE,
    Framing,
    resized_window,
    usual_framing,
)

PICTURE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
)
# Pillow knows more: some start other programs, as EPS does.
PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
Picture = str | os.PathLike | Image.Image | np.ndarray

_WHITE = 255.0
_TOLERANCE = 12.0  # grey levels by which a plain background may vary
_RAMP = 24.0  # grey levels from background to object, at soft edges
_PLAIN = 0.65  # of the border must be background; objects may touch the border
_LARGEST = 2048  # pixels: larger pictures are reduced first, to spare memory


def fit_picture(
    picture: Picture,
    image_size: int,
    keep_framing: bool = False,
    framing: Framing | None = None,
) -> UInt8[np.ndarray, "h w 1"]:
    """A picture of one object as a view: grey, on white, framed as in training.

    What is transparent or of the colour of the border becomes white. A picture whose
    object already has the size and place that are usual in training is only resized.

    Args:
      picture: a file, an image, or an array (h, w) or (h, w, 1, 3 or 4) of uint8; grey
        or colour, with or without transparency, of any size.
      image_size: height and width of the view in pixels.
      keep_framing: do not move or scale the object; what is not square is padded.
      framing: of the views of training; default `usual_framing`.

    Raises:
      UserError: if the picture cannot be read, is blank, or has no plain background.
    """
    name = os.fspath(picture) if isinstance(picture, str | os.PathLike) else "a picture"
    image = _open(picture, name)
    grey, mask = _on_white(image, name)
    if not mask.any():
        raise UserError(f"{name} is blank; give a picture that shows an object")
    if keep_framing:
        height, width = grey.shape
        side = float(max(height, width))
        top, left = (height - side) / 2, (width - side) / 2
    else:
        top, left, side = (framing or usual_framing()).window(mask)
    return resized_window(grey, top, left, side, image_size)[..., None]


def picture_sets(
    paths: list[str | os.PathLike],
) -> dict[str, list[pathlib.Path]]:
    """The pictures of each shape, by its name.

    Args:
      paths: pictures of one shape; or one folder of them; or one folder of such
        folders, each of which is a shape.

    Raises:
      UserError: if a path does not exist, or a folder holds no picture.
    """
    paths = [pathlib.Path(path) for path in paths]
    for path in paths:
        if not path.exists():
            raise UserError(f"{path} does not exist; give pictures or a folder of them")
    folders = [path for path in paths if path.is_dir()]
    if not folders:
        return {paths[0].stem if len(paths) == 1 else "shape": paths}
    if len(folders) < len(paths) or len(folders) > 1:
        raise UserError(
            f"{folders[0]} is a folder; give either pictures, or one folder of "
            "pictures, or one folder of such folders"
        )
    (folder,) = folders
    inside = _pictures_in(folder)
    sets = {p.name: _pictures_in(p) for p in sorted(folder.iterdir()) if p.is_dir()}
    sets = {name: pictures for name, pictures in sets.items() if pictures}
    if inside and sets:
        raise UserError(
            f"{folder} holds pictures and folders of pictures; name the pictures, or "
            "move them into a folder of their own"
        )
    if inside:
        sets = {folder.resolve().name: inside}
    if not sets:
        raise UserError(
            f"{folder} holds no picture; those of these kinds are read: "
            + " ".join(PICTURE_SUFFIXES)
        )
    return sets


def _pictures_in(folder: pathlib.Path) -> list[pathlib.Path]:
    """Numbers in the names count as numbers: view_2 comes before view_10."""
    pictures = [p for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES]

    def key(path):
        parts = re.split(r"(\d+)", path.name.lower())
        return [int(part) if part.isdecimal() else part for part in parts]

    return sorted(pictures, key=key)


def _open(picture: Picture, name: str) -> Image.Image:
    """The picture, upright, as RGBA, or RGB if nothing is transparent."""
    try:
        if isinstance(picture, np.ndarray):
            picture = Image.fromarray(picture[..., 0] if _has_one(picture) else picture)
        elif not isinstance(picture, Image.Image):
            picture = Image.open(picture, formats=PICTURE_FORMATS)
        image = ImageOps.exif_transpose(picture)
        image.thumbnail((_LARGEST, _LARGEST))
        if image.mode.startswith(("I", "F")):
            image = _eight_bits(image, name)
        image = image.convert("RGBA")
    except UserError:
        raise
    except (OSError, ValueError, TypeError, SyntaxError) as error:
        raise UserError(f"{name} cannot be read as a picture: {error}") from error
    except Image.DecompressionBombError as error:
        raise UserError(f"{name} has too many pixels; make it smaller") from error
    opaque = np.asarray(image)[..., 3].min() == 255
    return image.convert("RGB") if opaque else image


def _has_one(array: np.ndarray) -> bool:
    return array.ndim == 3 and array.shape[-1] == 1


def _eight_bits(image: Image.Image, name: str) -> Image.Image:
    """Grey of 16 bits, which Pillow would clip instead of scale."""
    levels = np.asarray(image)
    if levels.min() < 0 or levels.max() >= 2**16 or levels.dtype.kind == "f":
        raise UserError(f"{name} is not a picture of 8 or 16 bits; convert it to PNG")
    return Image.fromarray((levels // 257).astype(np.uint8))


def _on_white(
    image: Image.Image, name: str
) -> tuple[Float[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Grey levels on white, and where the object is."""
    grey = np.asarray(image.convert("L"), np.float32)
    if image.mode == "RGBA":
        opacity = np.asarray(image, np.float32)[..., 3] / 255
        return _blend(grey, opacity), opacity > 0.05
    colours = np.asarray(image, np.float32)
    border = np.concatenate(
        [colours[0], colours[-1], colours[1:-1, 0], colours[1:-1, -1]]
    )
    background = np.median(border, axis=0)
    distance = np.abs(colours - background).max(-1)
    plain = (np.abs(border - background).max(-1) <= 2 * _TOLERANCE).mean()
    if plain < _PLAIN:
        raise UserError(
            f"{name}: the background is not plain, so the object cannot be told from "
            "it; cut the object out and save it as PNG with a transparent background"
        )
    mask = distance > _TOLERANCE
    if background.min() >= NEARLY_WHITE:
        # Soft edges stay as they are.
        return np.minimum(grey * (_WHITE / background.mean()), _WHITE), mask
    return _blend(grey, np.clip((distance - _TOLERANCE) / _RAMP, 0, 1)), mask


def _blend(grey: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    return opacity * grey + (1 - opacity) * _WHITE
