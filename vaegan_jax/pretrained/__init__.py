"""What comes with the library: a trained model, and pictures to try it on.

Files here are read and never written. Any room may use this one, which uses none.
"""

import pathlib
import re

DEFAULT = "furniture"  # the folder here of the model that is taken if none is named

_HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = _HERE / "examples"
_PIECE = re.compile(r"(.+)_\d+")


def default_model() -> pathlib.Path:
    """The folder of the model that comes with the library: exported weights."""
    return _HERE / DEFAULT


def example_pictures() -> dict[str, list[pathlib.Path]]:
    """Pictures of furniture that no model here has learnt from, by piece.

        shapes = model.reconstruct(list(example_pictures().values()))

    Grey PNG files of 224², rendered; `data_prep/procedural_furniture` made them.
    """
    pieces: dict[str, list[pathlib.Path]] = {}
    for path in sorted(EXAMPLES.glob("*.png")):
        pieces.setdefault(_PIECE.fullmatch(path.stem)[1], []).append(path)
    return pieces


def is_here(path: pathlib.Path) -> bool:
    """Whether a path is one of the library's own, where nothing is to be written."""
    return path.resolve().is_relative_to(_HERE)
