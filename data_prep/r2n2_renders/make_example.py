"""From a grid and its renders to voxels, views and cameras: in many processes.

This module is loaded in every worker process, so it imports no TensorFlow.
"""

import collections
import dataclasses
import io
import posixpath
from collections.abc import Sequence

import numpy as np
from PIL import Image

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import numbers_of
from vaegan_jax.shapes.colours import MODES
from vaegan_jax.shapes.frames import scale_of_file
from vaegan_jax.shapes.orientation import frame_turn, turn_grid
from vaegan_jax.shapes.pictures.files import open_picture
from vaegan_jax.shapes.voxel_files import read_binvox, side_of_binvox

from ..archives.archive import Archive, open_once
from ..archives.listing import ShapeFile
from ..building.examples import encode_view
from ..making.workshop import Shape
from .layout import (
    GRID,
    METADATA,
    grid_contents,
    grid_names,
    in_order,
    read_cameras,
    shape_of,
)

_INSPECTED = 20  # shapes whose sizes tell those of all

# Checked on real chairs by their outlines: every other sign or quarter turn is worse.
_TURN = frame_turn(up="y", front="x")


@dataclasses.dataclass(frozen=True)
class RenderReader:
    """Reads one shape of the two archives; picklable.

    Attributes:
      voxels: path of the archive of grids.
      resolution, image_size, num_views: what every shape must have.
      channels: of the views that are made, 1 or 3.
    """

    voxels: str
    resolution: int
    image_size: int
    num_views: int
    channels: int = 1

    def __call__(self, archive: Archive, file: ShapeFile, content: bytes) -> Shape:
        folder = posixpath.dirname(file.path)
        # The file itself not again: in a compressed tar that is a step back.
        files = {
            posixpath.basename(name): content
            if name == file.path
            else archive.read(name)
            for name in in_order(archive)[folder]
        }
        if METADATA not in files:
            raise UserError(f"there is no {METADATA} beside it")
        cameras = read_cameras(files[METADATA], METADATA)
        if len(cameras) != self.num_views:
            raise UserError(
                f"it has {len(cameras)} views, but most shapes {self.num_views}"
            )
        views = []
        for number in range(self.num_views):
            name = f"{number:02d}.png"
            if name not in files:
                raise UserError(f"{name} is missing, which its {METADATA} tells of")
            views.append(self._view(files[name], name))
        grid, scale = self._grid(folder)
        return Shape(grid, views, np.float32(numbers_of(cameras)), scale)

    def inputs(self, archive: Archive, file: ShapeFile) -> list[tuple]:
        """What tells whether the files of a shape are those of before."""
        folder, grids = posixpath.dirname(file.path), open_once(self.voxels)
        found = [archive.fingerprint(name) for name in in_order(archive)[folder]]
        name = grid_names(grids).get(shape_of(folder))
        return [*found, name and grids.fingerprint(name)]

    def _grid(self, folder: str) -> tuple[np.ndarray, float]:
        """The grid in our frame, and the scale of the shape."""
        shape, grids = shape_of(folder), open_once(self.voxels)
        if shape not in grid_names(grids):
            raise UserError(f"there is no grid of {shape} in {self.voxels}")
        name = grid_names(grids)[shape]
        content = grid_contents(grids).get(name) if grids.is_tar else None
        content = content or grids.read(name)
        grid = read_binvox(content, grids.describe(name))
        if not grid.any():
            raise UserError(f"{grids.describe(name)}: the grid is empty")
        grid = turn_grid(grid, _TURN)
        if len(grid) != self.resolution:
            raise UserError(
                f"its grid is of {len(grid)}³, but most are of {self.resolution}³"
            )
        return grid, scale_of_file(side_of_binvox(content), grid)

    def _view(self, content: bytes, name: str) -> bytes:
        """A render as a PNG on white."""
        try:
            image = open_picture(Image.open(io.BytesIO(content))).image.convert("RGBA")
        except (OSError, UserError) as error:
            raise UserError(f"{name} is no whole picture ({error})") from error
        if image.size != (self.image_size, self.image_size):
            width, height = image.size
            raise UserError(
                f"{name} has {width}×{height} pixels, but most views {self.image_size}²"
            )
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        return encode_view(np.asarray(white.convert(MODES[self.channels])))


def inspect_some(
    views: Archive, voxels: Archive, files: Sequence[ShapeFile]
) -> RenderReader:
    """A reader for shapes like most of the first that can be read.

    Raises:
      UserError: none of them can.
    """
    if not grid_names(voxels):
        raise UserError(f"{voxels.path} holds no <synset>/<id>/{GRID}")
    found, first_error = collections.Counter(), None
    for file in files[:_INSPECTED]:
        try:
            found[_sizes(views, voxels, posixpath.dirname(file.path))] += 1
        except UserError as error:
            first_error = first_error or error
    if not found:
        raise first_error
    return RenderReader(str(voxels.path), *found.most_common(1)[0][0])


def _sizes(views: Archive, voxels: Archive, folder: str) -> tuple[int, int, int]:
    """Resolution, image size and number of views of a shape."""
    files = {
        posixpath.basename(name): views.read(name) for name in in_order(views)[folder]
    }
    for name in (METADATA, "00.png"):
        if name not in files:
            raise UserError(f"{views.describe(folder)}: there is no {name}")
    cameras = read_cameras(files[METADATA], views.describe(f"{folder}/{METADATA}"))
    try:
        with Image.open(io.BytesIO(files["00.png"])) as image:
            size = image.size[0]
    except OSError as error:
        where = views.describe(f"{folder}/00.png")
        raise UserError(f"{where}: is no whole picture; copy it again") from error
    name = grid_names(voxels).get(shape_of(folder))
    if name is None:
        raise UserError(f"there is no grid of {shape_of(folder)} in {voxels.path}")
    content = grid_contents(voxels)[name] if voxels.is_tar else voxels.read(name)
    return len(read_binvox(content, voxels.describe(name))), size, len(cameras)


def first_in_archive(archive: Archive, file: ShapeFile) -> ShapeFile:
    """The same shape, by the first of its files in the archive."""
    folder = posixpath.dirname(file.path)
    first = in_order(archive)[folder][0]
    return dataclasses.replace(file, path=first, folder=posixpath.dirname(folder))
