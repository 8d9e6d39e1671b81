"""From people's pictures to the files of shapes."""

import itertools
import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from vaegan_jax.errors import UserError
from vaegan_jax.inference import Model
from vaegan_jax.shape_files import ShapeWriter, make_folder
from vaegan_jax.shapes.directions import likeliest_azimuths
from vaegan_jax.shapes.pictures import draw_beside_views
from vaegan_jax.shapes.view_files import Picture


def reconstruct_pictures(
    model: Model,
    pictures: Mapping[str, Sequence[Picture]],
    output: str | pathlib.Path,
    writer: ShapeWriter,
    keep_framing: bool = False,
) -> list[str]:
    """Writes the files of every shape, and `NAME.png`: inputs and result.

    All pictures are read before anything is written.

    Args:
      model: with an encoder.
      pictures: those of each shape, by its name.
      output: a folder, made if missing.
      writer: how shapes become files.
      keep_framing: see `fit_picture`.

    Returns:
      The names of shapes without a filled voxel, of which there is no mesh.

    Raises:
      UserError: the model has no encoder, a picture cannot be used, or the folder
        cannot be written to or is one that the pictures are in.
    """
    model.require_encoder()
    _keep_apart(pictures, output)
    views = {
        name: model.fit_views(files, keep_framing) for name, files in pictures.items()
    }
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
    return empty


def _keep_apart(
    pictures: Mapping[str, Sequence[Picture]], output: str | pathlib.Path
) -> None:
    """What is written would replace pictures, or be taken for one of them next time."""
    folder = pathlib.Path(output).resolve()
    for picture in itertools.chain.from_iterable(pictures.values()):
        if not isinstance(picture, str | os.PathLike):
            continue
        if pathlib.Path(picture).resolve().parent == folder:
            raise UserError(
                f"{picture} is in {output}, where the results would be written; "
                "choose another --output"
            )
