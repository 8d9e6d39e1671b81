"""Plain colours of mesh files: shares of red, green and blue in sRGB, white being 1.

Textures are not read.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mesh_readers.text import decode, plain_lines

WHITE = (1.0, 1.0, 1.0)


def as_shares(levels: Shaped[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    """Levels of bytes or words by their white; floats as they are, or by 255.

    The latter if any is above 1, for some programs write them so.
    """
    if levels.dtype.kind in "iu":
        return levels / np.iinfo(levels.dtype).max
    return levels / 255 if levels.size and levels.max() > 1 else levels.astype(float)


def from_linear(shares: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """Of light, as glTF has them, to sRGB."""
    shares = np.clip(shares, 0, 1)
    return np.where(
        shares <= 0.0031308, 12.92 * shares, 1.055 * shares ** (1 / 2.4) - 0.055
    )


def of_off_face(words: Sequence[str]) -> tuple[float, ...]:
    """What follows the corners of a face: whole numbers to 255, or floats, or nothing.

    Raises:
      UserError: it is the number of a colour in a map, which no file holds.
    """
    if not words:
        return WHITE
    if len(words) < 3:
        raise UserError(
            "a face has the number of a colour, not the colour; save it with three "
            "numbers for each, in MeshLab say"
        )
    whole = all(word.lstrip("+-").isdecimal() for word in words)
    return tuple(float(word) / (255 if whole else 1) for word in words[:3])


def read_materials(content: bytes) -> dict[str, tuple[float, ...]]:
    """The diffuse colours (Kd) of the materials of a `.mtl` file, by their names.

    Raises:
      UserError: a colour is not three numbers, or the file is no text.
    """
    found, name = {}, ""
    for line in decode(content, ".mtl").split("\n"):
        keyword, *rest = line.split(None, 1) or [""]
        if keyword == "newmtl":
            name = "".join(rest).strip()
            found[name] = WHITE
        elif keyword == "Kd":
            (told,) = plain_lines("".join(rest)) or [""]
            found[name] = _three_numbers(told.split(), name)
    return found


def _three_numbers(words: list[str], name: str) -> tuple[float, ...]:
    try:
        red, green, blue = map(float, words * 3 if len(words) == 1 else words)
    except ValueError:
        raise UserError(
            f"the colour Kd of its material {name[:40]!r} is not three numbers; save "
            "it so, in Blender say"
        ) from None
    return red, green, blue
