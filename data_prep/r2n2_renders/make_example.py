"""From a grid and its renders to voxels, views and cameras: in many processes.

This module is loaded in every worker process, so it imports no TensorFlow.
"""

import dataclasses
import io
import posixpath

import numpy as np
from PIL import Image

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import numbers_of
from vaegan_jax.shapes.orientation import frame_turn, turn_grid
from vaegan_jax.shapes.pictures.files import open_picture

from ..archives.archive import Archive, open_once
from ..archives.listing import ShapeFile
from ..building.examples import encode_view
from ..making.workshop import Shape
from ..voxel_view_archive.checking import read_grid
from .layout import METADATA, grid_names, in_order, read_cameras

# Checked on real chairs by their outlines: every other sign or quarter turn is worse.
_TURN = frame_turn(up="y", front="x")


@dataclasses.dataclass(frozen=True)
class RenderReader:
    """Reads one shape of the two archives; picklable.

    Attributes:
      voxels: path of the archive of grids.
      resolution, image_size, num_views: what every shape must have.
    """

    voxels: str
    resolution: int
    image_size: int
    num_views: int

    def __call__(self, archive: Archive, file: ShapeFile, content: bytes) -> Shape:
        folder = posixpath.dirname(file.path)
        files = {
            posixpath.basename(name): archive.read(name)
            for name in in_order(archive)[folder]
        }
        if METADATA not in files:
            raise UserError(f"there is no {METADATA} beside it")
        where = archive.describe(f"{folder}/{METADATA}")
        cameras = read_cameras(files[METADATA], where)
        if len(cameras) != self.num_views:
            raise UserError(
                f"it has {len(cameras)} views, but the first shape {self.num_views}"
            )
        views = []
        for number in range(self.num_views):
            name = f"{number:02d}.png"
            if name not in files:
                raise UserError(f"{name} is missing, which its {METADATA} tells of")
            views.append(self._view(files[name], name))
        return Shape(self._grid(folder), views, np.float32(numbers_of(cameras)))

    def _grid(self, folder: str) -> np.ndarray:
        shape = "/".join(folder.split("/")[-3:-1])
        grids = open_once(self.voxels)
        if shape not in grid_names(grids):
            raise UserError(f"there is no grid of {shape} in {self.voxels}")
        grid = turn_grid(read_grid(grids, grid_names(grids)[shape]), _TURN)
        if len(grid) != self.resolution:
            raise UserError(
                f"its grid is of {len(grid)}³, but the first one of {self.resolution}³"
            )
        return grid

    def _view(self, content: bytes, name: str) -> bytes:
        """A render as a grey PNG on white."""
        try:
            image = open_picture(Image.open(io.BytesIO(content))).image.convert("RGBA")
        except (OSError, UserError) as error:
            raise UserError(f"{name} is no whole picture ({error})") from error
        if image.size != (self.image_size, self.image_size):
            width, height = image.size
            raise UserError(
                f"{name} has {width}×{height} pixels, but the first view "
                f"{self.image_size}²"
            )
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image)
        return encode_view(np.asarray(white.convert("L")))


def inspect_first(views: Archive, voxels: Archive, file: ShapeFile) -> RenderReader:
    """A reader for shapes like the first.

    Raises:
      UserError: the first cannot be read.
    """
    folder = posixpath.dirname(file.path)
    names = in_order(views)[folder]
    sizes = {}
    for name in names:
        base = posixpath.basename(name)
        if base == METADATA:
            cameras = read_cameras(views.read(name), views.describe(name))
        elif base == "00.png":
            with Image.open(io.BytesIO(views.read(name))) as image:
                sizes["image_size"] = image.size[0]
    if "image_size" not in sizes:
        raise UserError(f"{views.describe(folder)}: there is no 00.png")
    grids = grid_names(voxels)
    shape = "/".join(folder.split("/")[-3:-1])
    if not grids:
        raise UserError(f"{voxels.path} holds no <synset>/<id>/model.binvox")
    grid = read_grid(voxels, grids.get(shape, next(iter(grids.values()))))
    return RenderReader(str(voxels.path), len(grid), sizes["image_size"], len(cameras))


def first_in_archive(archive: Archive, file: ShapeFile) -> ShapeFile:
    """The same shape, by the first of its files in the archive."""
    names = in_order(archive)[posixpath.dirname(file.path)]
    return dataclasses.replace(file, path=names[0])
