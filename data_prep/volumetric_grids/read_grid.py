"""Voxel grids in MATLAB files: the part that runs in many processes."""

import dataclasses
import pathlib
import re

import numpy as np
from jaxtyping import Bool

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mislabelled_files import other_kind

from ..archives.archive import Archive
from ..archives.listing import ShapeFile, identify_by_folders
from ..making.workshop import Shape
from .matlab_files import read_variables

KEY = "instance"  # of the grid in the files of 3D ShapeNets
_LARGEST_SIDE = 512  # a damaged header may claim anything
_ROTATION = re.compile(r"(?P<object>(?P<category>.+)_\d+)_\d+")


def identify_rotation(path: str) -> ShapeFile:
    """The shape of `…/train/chair_000000182_1.mat`: a rotation of chair_000000182."""
    file = identify_by_folders(path)
    name = pathlib.PurePosixPath(path).stem
    parts = _ROTATION.fullmatch(name)
    if parts is None:
        return dataclasses.replace(file, name=name)
    return ShapeFile(parts["category"], file.split, name, path, parts["object"])


@dataclasses.dataclass(frozen=True)
class GridReader:
    """Reads a grid and pads it to a resolution, alike on all sides."""

    resolution: int

    def __call__(self, archive: Archive, file: ShapeFile, content: bytes) -> Shape:
        grid = read_instance(content)
        missing = self.resolution - len(grid)
        if missing < 0 or missing % 2:
            raise UserError(
                f"a grid of {len(grid)}³ cannot be padded evenly to "
                f"{self.resolution}³; choose another --resolution"
            )
        return Shape(np.pad(grid, missing // 2), [])


def read_instance(content: bytes) -> Bool[np.ndarray, "x y z"]:
    """The grid in a MATLAB file of version 5 to 7: z up, in rotation 1 front to −y.

    Raises:
      UserError: if it is no such file, damaged, or holds no cubic grid of 0 and 1.
    """
    if not content:
        raise UserError("the file is empty")
    if reason := other_kind(content, ".mat"):
        raise UserError(reason)
    variables = {variable.name: variable for variable in read_variables(content)}
    if KEY not in variables:
        raise UserError(
            f"the file has no {KEY!r}, only {', '.join(variables) or 'nothing'}"
        )
    # The shape first: what a small file claims may not fit into memory.
    shape = variables[KEY].shape
    if len(shape) != 3 or len(set(shape)) != 1 or not 0 < shape[0] <= _LARGEST_SIDE:
        raise UserError(f"{KEY!r} is no cubic grid but {'×'.join(map(str, shape))}")
    if not variables[KEY].is_numeric:
        raise UserError(f"{KEY!r} holds no real numbers")
    grid = variables[KEY].read()
    if not np.isin(grid, (0, 1)).all():
        raise UserError(f"{KEY!r} holds other values than 0 and 1")
    if not grid.any():
        raise UserError("the grid is empty")
    # The files have y first, as MATLAB's meshgrid: read as x, y, z, shapes would be
    # mirrored. Turned round, rotation 1 agrees with the mesh that it was made of.
    return grid.astype(bool).transpose(1, 0, 2)
