"""Where 3D-R2N2's archives have what: shapes, splits and cameras.

This module is loaded in every worker process, so it imports no TensorFlow.
"""

import functools
import json
import os
import pathlib
import posixpath
from collections.abc import Mapping

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import ViewCamera

from ..archives.archive import Archive
from ..archives.listing import ShapeFile, known_category

METADATA = "rendering_metadata.txt"
GRID = "model.binvox"

LEFT_OUT = "left out"  # a split that is none

# A lens of 35 mm before a sensor of 32 mm; the 25 in the files is another quantity.
_FIELD_OF_VIEW = 49.134
_FARTHEST = 1.75  # what distances are given as shares of
_NUMBERS = 5  # azimuth, elevation, in-plane rotation, distance, field of view
_SPLITS = {"train": "train", "val": "validation", "test": "test"}


def identify(path: str, splits: Mapping[str, str] | None = None) -> ShapeFile:
    """The shape of `…/<synset>/<id>/rendering/rendering_metadata.txt`.

    Args:
      path: in an archive.
      splits: of the shapes, by `<synset>/<id>`; None leaves them open.

    Returns:
      The shape; its split is `LEFT_OUT` if the splits have it not, or the path is not
      of that layout.
    """
    *folders, file = path.split("/")
    synset, name, folder = ["", "", "", *folders][-3:]
    split = None if splits is None else splits.get(f"{synset}/{name}", LEFT_OUT)
    if (file, folder) != (METADATA, "rendering"):
        split = LEFT_OUT
    return ShapeFile(known_category(synset), split, name, path)


def read_splits(path: str | os.PathLike) -> dict[str, str]:
    """The split of every shape, by `<synset>/<id>`, from a file like `ShapeNet.json`.

    Raises:
      UserError: it is no such file.
    """
    try:
        found = json.loads(pathlib.Path(path).read_text("utf-8"))
        taxonomies = [(kind["taxonomy_id"], kind) for kind in found]
        return {
            f"{synset}/{name}": split
            for synset, kind in taxonomies
            for key, split in _SPLITS.items()
            for name in kind.get(key, ())
        }
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name another --split") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{path} is no list of taxonomies with train, val and test, as 3D-R2N2's "
            "ShapeNet.json is; leave --split out for random splits"
        ) from error


def read_cameras(content: bytes, name: str) -> list[ViewCamera]:
    """The cameras of the views, in our frame, from a `rendering_metadata.txt`.

    Theirs has y up and the front towards +x, where azimuth 0 is; the eye of azimuth a
    is at (cos e cos a, sin e, cos e sin a) there, so azimuths run the other way round.

    Args:
      content: of the file; a line for each view.
      name: what messages call it.

    Raises:
      UserError: it is damaged, a camera is impossible or turned about its axis.
    """
    cameras = []
    try:
        lines = content.decode("ascii").split("\n")
        for line in filter(str.strip, lines):
            azimuth, elevation, turn, share, _ = map(float, line.split())
            if turn:
                raise UserError(
                    f"{name}: a camera is turned by {turn}° about its axis, which no "
                    "camera here is; leave the shape out"
                )
            distance = _FARTHEST * share
            cameras.append(
                ViewCamera(-azimuth % 360, elevation, distance, _FIELD_OF_VIEW)
            )
    except UserError as error:
        raise UserError(f"{name}: {str(error).removeprefix(f'{name}: ')}") from error
    except ValueError as error:
        raise UserError(
            f"{name}: the file is damaged: a line has not {_NUMBERS} numbers; copy it "
            "again"
        ) from error
    if not cameras:
        raise UserError(f"{name}: the file is empty; copy it again")
    return cameras


def metadata_line(camera: ViewCamera) -> str:
    """The line of a `rendering_metadata.txt` that tells of a camera."""
    share = camera.distance / _FARTHEST
    return f"{-camera.azimuth_degrees % 360} {camera.elevation_degrees} 0 {share} 25\n"


@functools.lru_cache(maxsize=1)
def in_order(archive: Archive) -> dict[str, list[str]]:
    """The files of every `rendering` folder, in the order of the archive.

    A compressed tar is read forwards: every step back begins anew.
    """
    found: dict[str, list[str]] = {}
    for name in archive.names(""):
        if posixpath.basename(posixpath.dirname(name)) == "rendering":
            found.setdefault(posixpath.dirname(name), []).append(name)
    for names in found.values():
        names.sort(key=archive.position)
    return found


@functools.lru_cache(maxsize=1)
def grid_names(archive: Archive) -> dict[str, str]:
    """Where the grid of `<synset>/<id>` is in an archive."""
    return {
        shape_of(name): name
        for name in archive.names(GRID)
        if posixpath.basename(name) == GRID
    }


@functools.lru_cache(maxsize=1)
def grid_contents(archive: Archive) -> dict[str, bytes]:
    """All grids of a tar, read forwards: some 4 KB each, 170 MB of 43,783 shapes."""
    names = sorted(grid_names(archive).values(), key=archive.position)
    return {name: archive.read(name) for name in names}


def shape_of(path: str) -> str:
    """`<synset>/<id>` of a grid or of a folder of renders."""
    return "/".join(path.split("/")[-3:-1])
