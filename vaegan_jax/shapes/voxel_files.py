"""Voxel grids in binvox files (https://www.patrickmin.com/binvox/binvox.html)."""

import os
import pathlib
import re

import numpy as np
from jaxtyping import Bool, Shaped
from trimesh.exchange import binvox
from trimesh.voxel import VoxelGrid

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.grids import checked_occupancy
from vaegan_jax.shapes.mislabelled_files import other_kind

_HEADER = re.compile(
    rb"#binvox (?P<version>\d+)\s.*?^dim +(\d+) +(\d+) +(\d+)\s*$.*?^data\r?\n",
    re.DOTALL | re.M,
)
_LONGEST_HEADER = 4096
_SCALE = re.compile(rb"^scale +(\d*\.?\d+(?:[eE][-+]?\d+)?)\s*$", re.M)
_LARGEST_SIDE = 1024  # of binvox itself; a corrupt header may claim anything


def read_binvox(
    source: str | os.PathLike | bytes, name: str | None = None
) -> Bool[np.ndarray, "x y z"]:
    """Reads a binvox file.

    Args:
      source: a path, or the content of a file.
      name: what error messages call the file; default its path.

    Returns:
      Occupancy, axes (x, y, z) as in the mesh that binvox was given.

    Raises:
      FileNotFoundError: if there is no such file.
      UserError: if it is not a whole, cubic binvox file.
    """
    if isinstance(source, bytes):
        content, name = source, name or "The binvox data"
    else:
        content, name = pathlib.Path(source).read_bytes(), name or str(source)
    header = _HEADER.match(content[:_LONGEST_HEADER])
    if header is None:
        reason = other_kind(content, ".binvox") or "no '#binvox' header with 'dim'"
        raise UserError(f"{name}: not a binvox file ({reason}).")
    if header["version"] != b"1":
        raise UserError(
            f"{name}: binvox files of version {header['version'].decode()} are not "
            "read; make it again with binvox."
        )
    side = _checked_side(header, name)
    runs = np.frombuffer(content, np.uint8, offset=header.end())
    values, lengths = runs[0::2], runs[1::2]
    counted = int(lengths.sum(dtype=np.int64))
    if len(runs) % 2 or counted != side**3:
        raise UserError(
            f"{name}: the file is damaged: it holds {counted:,} of {side**3:,} voxels; "
            "copy or make it again."
        )
    if values.max() > 1:
        raise UserError(
            f"{name}: the file is damaged: it holds other voxels than 0 and 1; "
            "copy or make it again."
        )
    # binvox stores y fastest, then z.
    grid = np.repeat(values.astype(bool), lengths).reshape(side, side, side)
    return np.ascontiguousarray(grid.transpose(0, 2, 1))


def side_of_binvox(content: bytes) -> float:
    """The side of the grid in a binvox file, in the units of the mesh it was made of.

    NaN if its header does not tell; the file must be one that `read_binvox` reads.
    """
    header = _HEADER.match(content[:_LONGEST_HEADER])
    told = _SCALE.search(header[0])
    return float(told[1]) if told else float("nan")


def _checked_side(header: re.Match, name: str) -> int:
    """The side of the cubic grid that a header announces."""
    sides = {int(side) for side in header.groups()[1:]}
    if len(sides) != 1:
        raise UserError(f"{name}: the grid is not a cube; make it again with binvox.")
    side = sides.pop()
    if not 1 <= side <= _LARGEST_SIDE:
        raise UserError(
            f"{name}: the header claims {side} voxels a side, which must be "
            f"from 1 to {_LARGEST_SIDE}; make the file again."
        )
    return side


def write_binvox(
    path: str | os.PathLike,
    grid: Shaped[np.ndarray, "x y z"],
    scale: float | None = None,
) -> None:
    """Writes a cubic grid as a binvox file, see `encode_binvox`.

    Raises:
      UserError: see `encode_binvox`.
    """
    pathlib.Path(path).write_bytes(encode_binvox(grid, scale))


def encode_binvox(
    grid: Shaped[np.ndarray, "x y z"], scale: float | None = None
) -> bytes:
    """The content of a binvox file that holds this grid.

    Args:
      grid: True and False, or ones and zeros.
      scale: the side of the cube that it fills, whose middle is the origin; None is
        the unit cube, from 0 to 1.

    Raises:
      UserError: it is no cube of such values.
    """
    grid = checked_occupancy(grid)
    # trimesh, like the field's readers, takes `scale` for the span of voxel centres.
    pitch = (scale or 1) / max(len(grid) - 1, 1)
    transform = np.diag([pitch, pitch, pitch, 1])
    transform[:3, 3] = 0 if scale is None else -scale / 2
    return binvox.export_binvox(VoxelGrid(grid, transform))
