"""Plain colours of mesh files: shares of red, green and blue in sRGB, white being 1.

Textures are not read.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mesh_readers.text import decode, plain_lines

WHITE = (1.0, 1.0, 1.0)


def as_shares(levels: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    """All floats of a file: shares as they are, or levels of 0 to 255 by 255.

    They are levels, as some programs write them, if any is above 2. Up to there, what
    is above 1 is a light colour or a rounding error, and later clipped to 1.
    """
    return levels / 255 if levels.size and levels.max() > 2 else levels


def from_linear(shares: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """Of light, as glTF has them, to sRGB."""
    shares = np.clip(shares, 0, 1)
    return np.where(
        shares <= 0.0031308, 12.92 * shares, 1.055 * shares ** (1 / 2.4) - 0.055
    )


def of_off_faces(rows: Sequence[Sequence[str]]) -> Float[np.ndarray, "n 3"]:
    """What follows the corners of faces: whole numbers to 255, or floats, or nothing.

    The floats of all faces are as `as_shares` takes them; nothing is white.

    Raises:
      UserError: it is the number of a colour in a map, which no file holds.
    """
    if any(0 < len(words) < 3 for words in rows):
        raise UserError(
            "a face has the number of a colour, not the colour; save it with three "
            "numbers for each, in MeshLab say"
        )
    rows = [words or ("255",) * 3 for words in rows]
    levels = np.array([words[:3] for words in rows]).astype(float).reshape(-1, 3)
    whole = [all(word.lstrip("+-").isdecimal() for word in words) for words in rows]
    whole = np.array(whole, bool)
    levels[whole] /= 255
    levels[~whole] = as_shares(levels[~whole])
    return levels


def read_materials(content: bytes) -> dict[str, tuple[float, ...]]:
    """The diffuse colours (Kd) of the materials of a `.mtl` file, by their names.

    Those of the file together are as `as_shares` takes them; without one, a material
    is white. Keywords may be in small letters or capitals, for a colour that is passed
    over would be white without a word.

    Raises:
      UserError: a colour is not three numbers, or the file is no text.
    """
    found, told, name = {}, {}, ""
    for line in decode(content, ".mtl").split("\n"):
        keyword, *rest = line.split(None, 1) or [""]
        if keyword.lower() == "newmtl":
            name = "".join(rest).strip()
            found[name] = WHITE
        elif keyword.lower() == "kd":
            (numbers,) = plain_lines("".join(rest)) or [""]
            told[name] = _three_numbers(numbers.split(), name)
    shares = as_shares(np.array(list(told.values()), float).reshape(-1, 3))
    return found | dict(zip(told, map(tuple, shares), strict=True))


def _three_numbers(words: list[str], name: str) -> tuple[float, ...]:
    try:
        red, green, blue = map(float, words * 3 if len(words) == 1 else words)
    except ValueError:
        raise UserError(
            f"the colour Kd of its material {name[:40]!r} is not three numbers; save "
            "it so, in Blender say"
        ) from None
    return red, green, blue
