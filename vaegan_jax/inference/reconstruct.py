"""From people's pictures to the files of shapes."""

import itertools
import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.shape_files import ShapeWriter, make_folder
from vaegan_jax.shapes.directions import likeliest_azimuths
from vaegan_jax.shapes.drawing import draw_beside_views, draw_given_and_seen
from vaegan_jax.shapes.pictures.files import Picture

_SEEN = "_seen"


def reconstruct_pictures(
    model: Model,
    pictures: Mapping[str, Sequence[Picture]],
    output: str | pathlib.Path,
    writer: ShapeWriter,
    keep_framing: bool = False,
) -> list[str]:
    """Writes the files of every shape, and two pictures.

    `NAME_seen.png` shows what was given beside what the model sees of it, `NAME.png`
    the latter beside the result. All pictures are read before anything is written.

    Args:
      model: with an encoder.
      pictures: those of each shape, by its name.
      output: a folder, made if missing.
      writer: how shapes become files.
      keep_framing: see `fit_picture`.

    Returns:
      The names of shapes without a filled voxel, of which there is no mesh.

    Raises:
      UserError: the model has no encoder, a picture cannot be used, two files would
        have one name, or the folder cannot be written to or is one that the pictures
        are in.
    """
    model.require_encoder()
    _keep_apart(pictures, output)
    fitted = {name: model.fit(files, keep_framing) for name, files in pictures.items()}
    views = {name: np.stack([f.view for f in each]) for name, each in fitted.items()}
    latents = np.concatenate([model.encode(seen[None]) for seen in views.values()])
    shapes = writer.clean(model.decode(latents))
    output = make_folder(output)
    empty = []
    for (name, seen), shape in zip(views.items(), shapes, strict=True):
        mesh = writer.write(output, name, shape)
        azimuths = np.zeros(len(seen))
        if mesh is None:
            empty.append(name)
        else:
            azimuths = likeliest_azimuths(seen, mesh)
        picture = draw_beside_views(seen, shape > writer.threshold, azimuths)
        picture.save(output / f"{name}.png")
        picture = draw_given_and_seen([f.given for f in fitted[name]], seen)
        picture.save(output / f"{name}{_SEEN}.png")
    return empty


def _keep_apart(
    pictures: Mapping[str, Sequence[Picture]], output: str | pathlib.Path
) -> None:
    """What is written would replace pictures, or be taken for one of them next time."""
    for name in pictures:
        if f"{name}{_SEEN}" in pictures:
            raise UserError(
                f"{name}{_SEEN}.png would be written for the shapes {name} and "
                f"{name}{_SEEN}; rename one of them"
            )
    folder = pathlib.Path(output).resolve()
    for picture in itertools.chain.from_iterable(pictures.values()):
        if not isinstance(picture, str | os.PathLike):
            continue
        if pathlib.Path(picture).resolve().parent == folder:
            raise UserError(
                f"{picture} is in {output}, where the results would be written; "
                "choose another --output"
            )
