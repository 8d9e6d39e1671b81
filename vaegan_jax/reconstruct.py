"""From people's pictures to the files of shapes."""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

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
        cannot be written to.
    """
    model.require_encoder()
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
