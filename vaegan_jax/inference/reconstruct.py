"""From people's pictures to the files of shapes."""

import itertools
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from vaegan_jax.errors import UserError
from vaegan_jax.inference.camera_estimates import (
    CameraEstimate,
    known_numbers,
)
from vaegan_jax.inference.camera_files import (
    Cameras,
    check_names,
    entry,
    picture_names,
    write_cameras,
)
from vaegan_jax.inference.model import FromPictures, Model
from vaegan_jax.inference.shape_files import ShapeWriter, make_folder
from vaegan_jax.runtime.progress import Progress
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.drawing import draw_beside_views, draw_given_and_seen
from vaegan_jax.shapes.pictures.files import Picture
from vaegan_jax.shapes.pictures.fitting import FittedPicture

_SEEN = "_seen"
_FEWEST_OF_RING = 3
_PATIENCE = 3.0  # seconds; what takes no longer need not tell of its progress


class Written(NamedTuple):
    """What there is to tell of a shape.

    Attributes:
      empty: no voxel is filled, so there is no mesh.
      known: how many of the cameras of its pictures were known.
      estimated: how many were estimated.
    """

    empty: bool
    known: int
    estimated: int


def reconstruct_pictures(
    model: Model,
    pictures: Mapping[str, Sequence[Picture]],
    output: str | pathlib.Path,
    writer: ShapeWriter,
    keep_framing: bool = False,
    cameras: Cameras | None = None,
    ring: bool = False,
) -> dict[str, Written]:
    """Writes the files of every shape, two pictures, and the cameras of all.

    `NAME_seen.png` shows what was given beside what the model sees of it, `NAME.png`
    the latter beside the result, with a refiner also beside what G alone made of it,
    and `cameras.json` tells from where that was, see `camera_files`. All pictures are
    read before anything is written.

    Args:
      model: with an encoder.
      pictures: those of each shape, by its name.
      output: a folder, made if missing.
      writer: how shapes become files.
      keep_framing: see `fit_picture`.
      cameras: those that are known; others are estimated.
      ring: the pictures of each shape go once around it, in equal steps.

    Returns:
      What there is to tell of each shape.

    Raises:
      UserError: the model has no encoder, a picture cannot be used, cameras are of
        other pictures, two files would have one name, or the folder cannot be written
        to or is one that the pictures are in.
    """
    model.require_encoder()
    cameras = cameras or {}
    _keep_apart(pictures, output)
    _check_cameras(pictures, cameras, ring)
    fitted = {name: model.fit(files, keep_framing) for name, files in pictures.items()}
    names = {name: picture_names(files) for name, files in pictures.items()}
    known = {
        name: [cameras.get(name, {}).get(file) for file in names[name]]
        for name in pictures
    }
    made = {
        name: _reconstruct(model, fitted[name], known[name], writer, ring)
        for name in Progress("reconstructing", fitted, len(fitted), delay=_PATIENCE)
    }
    output, written, entries = make_folder(output), {}, {}
    for name, one in made.items():
        mesh = writer.write(output, name, one.shape)
        _draw(output, name, fitted[name], one, writer)
        told = zip(names[name], one.cameras, known[name], strict=True)
        entries[name] = [_entry(*each) for each in told]
        unknown = known[name].count(None)
        written[name] = Written(mesh is None, len(known[name]) - unknown, unknown)
    write_cameras(output, entries)
    return written


def _reconstruct(
    model: Model,
    fitted: Sequence[FittedPicture],
    known: Sequence[ViewCamera | None],
    writer: ShapeWriter,
    ring: bool,
) -> FromPictures:
    """A shape as it is written, and the cameras of its pictures."""
    made = model.reconstruct_fitted(fitted, known_numbers(known), ring)
    shapes = {"shape": made.shape}
    if made.of_generator is not None:
        shapes["of_generator"] = made.of_generator
    return made._replace(**{k: writer.clean(x[None])[0] for k, x in shapes.items()})


def _draw(
    output: pathlib.Path,
    name: str,
    fitted: Sequence[FittedPicture],
    made: FromPictures,
    writer: ShapeWriter,
) -> None:
    """The two pictures of a shape."""
    seen = np.stack([one.view for one in fitted])
    before = made.of_generator
    picture = draw_beside_views(
        seen,
        made.shape > writer.cut(made.shape),
        [one.camera for one in made.cameras],
        of_generator=None if before is None else before > writer.cut(before),
    )
    picture.save(output / f"{name}.png")
    picture = draw_given_and_seen([one.given for one in fitted], seen)
    picture.save(output / f"{name}{_SEEN}.png")


def _entry(file: str, found: CameraEstimate, known: ViewCamera | None) -> dict:
    more = {"known": known is not None, "overlap": round(found.overlap, 3)}
    if found.other is not None:
        more["confidence"] = round(found.confidence, 3)
        more["otherwise"] = {
            "azimuth_degrees": round(found.other.azimuth_degrees, 1),
            "elevation_degrees": round(found.other.elevation_degrees, 1),
        }
    return entry(file, found.camera, **more)


def _check_cameras(
    pictures: Mapping[str, Sequence[Picture]], cameras: Cameras, ring: bool
) -> None:
    check_names(cameras, pictures)
    if not ring:
        return
    if cameras:
        raise UserError(
            "cameras are known, or are a ring to be found; give --cameras or --ring"
        )
    for name, files in pictures.items():
        if len(files) < _FEWEST_OF_RING:
            raise UserError(
                f"{name} has {len(files)} pictures, and a ring {_FEWEST_OF_RING} or "
                "more; leave --ring out"
            )


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
