"""HEIC, as phones take pictures, which Pillow reads with a plugin: the extra `heic`."""

import io
import os

from PIL import Image

from vaegan_jax.errors import installs

HEIC_SUFFIXES = (".heic", ".heif")
NEEDS = f"needs the extra heic: {installs('heic')}"

_FORMAT = "HEIF"  # as the plugin calls it
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def heic_formats() -> tuple[str, ...]:
    """What Pillow reads beside its own formats: HEIF, if the extra is installed."""
    try:
        import pillow_heif
    except ImportError:
        return ()
    if _FORMAT not in Image.OPEN:
        pillow_heif.register_heif_opener()
    return (_FORMAT,)


def is_heic(picture: str | os.PathLike | io.BytesIO) -> bool:
    """Whether a file begins as HEIC does, whatever its name."""
    if isinstance(picture, io.BytesIO):
        start = picture.getvalue()[:12]
    else:
        with open(picture, "rb") as file:
            start = file.read(12)
    return start[4:8] == b"ftyp" and start[8:] in _BRANDS
