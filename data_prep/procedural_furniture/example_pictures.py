"""Makes the pictures that come with the library.

python -m data_prep.procedural_furniture.example_pictures vaegan_jax/pretrained/examples

They are of another seed than the furniture that models are trained on.
"""

import pathlib
import sys

from PIL import Image

from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.render import render_from

from .catalogue import build

SEED = 2026
# Number of the piece, and azimuth and elevation of each picture of it, in degrees.
PIECES = {
    33: ((35.0, 22.0), (155.0, 15.0), (280.0, 35.0)),
    57: ((25.0, 28.0),),
    26: ((330.0, 25.0),),
    75: ((40.0, 30.0),),
}


def write(folder: pathlib.Path) -> list[pathlib.Path]:
    """Writes grey PNG files of 224², `FAMILY_1.png` and so on; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, angles in PIECES.items():
        piece = build(number, SEED)
        views = render_from(
            piece.mesh, [ViewCamera(*each) for each in angles], lighting=piece.lighting
        )
        for i, view in enumerate(views, start=1):
            paths.append(folder / f"{piece.family}_{i}.png")
            Image.fromarray(view).save(paths[-1], optimize=True)
    return paths


if __name__ == "__main__":
    for path in write(pathlib.Path(sys.argv[1])):
        print(path)
