"""Reads damaged pictures of all kinds.

    python -m tests.shapes.picture_trials --mutations=60

The exit status is 1 if anything but a sentence came of one, or one took too long.
"""

import argparse
import io
import sys
import warnings

import numpy as np
from PIL import Image

from tests.shapes.fuzzing import Format, fuzz, limit_memory
from vaegan_jax.shapes.pictures.fitting import fit_picture
from vaegan_jax.shapes.pictures.heic import heic_formats

_GIBIBYTES = 4


def picture_formats() -> list[Format]:
    """Every kind of picture that is read, in several modes."""
    grey = np.full((40, 48), 255, np.uint8)
    grey[10:30, 12:36] = np.linspace(40, 200, 24)
    image = Image.fromarray(grey)
    cut = Image.merge("LA", (image, image.point(lambda level: 255 * (level < 255))))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    light = Image.fromarray(grey.astype(np.float32) / 255)
    exif = Image.Exif()
    exif[0x0112] = 6
    forms = {
        "PNG": (image, image.convert("P"), image.convert("1"), cut, deep),
        "JPEG": (image, image.convert("RGB"), image.convert("CMYK")),
        "WEBP": (image.convert("RGB"), cut.convert("RGBA")),
        "BMP": (image, image.convert("RGB"), image.convert("1")),
        "GIF": (image, image.convert("RGB")),
        "TIFF": (image, deep, light, image.convert("CMYK"), cut.convert("RGBA")),
    }
    for kind in heic_formats():  # with the extra
        forms[kind] = (image, image.convert("RGB"), cut.convert("RGBA"))
    formats = []
    for kind, images in forms.items():
        files = [_saved(one, kind) for one in images]
        if kind in ("PNG", "JPEG", "WEBP", "TIFF"):
            files.append(_saved(images[0], kind, exif=exif))
        if kind in ("PNG", "WEBP", "GIF", "TIFF"):
            frames = {"save_all": True, "append_images": [images[0].rotate(90)]}
            files.append(_saved(images[0], kind, **frames))
        if kind == "TIFF":
            files.append(_saved(image, kind, compression="tiff_lzw"))
        formats.append(Format(kind, files, _read))
    return formats


def _saved(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _read(content: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit_picture(io.BytesIO(content), 64)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=60, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    limit_memory(_GIBIBYTES)
    tally, wrong = fuzz(picture_formats(), given.mutations, given.seed)
    for name, counts in tally.items():
        print(f"| {name} | {counts.total()} | {counts['read']} | {counts['refused']} |")
    print(*wrong[:20], sep="\n", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
