"""`.npz` files that are complete and can be read, or are not there."""

import math
import os
import pathlib
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaegan_jax.errors import UserError


def write_npz(
    path: pathlib.Path, arrays: Mapping[str, Any], compress: bool = False
) -> None:
    """Writes arrays under another name, reads them again, and renames the file.

    What was there before stays until then.

    Args:
      path: ends in `.npz`.
      arrays: what it is to hold.
      compress: for files to give away.

    Raises:
      UserError: what was written is not what is read.
    """
    partial = path.with_suffix(".partial.npz")
    try:
        (np.savez_compressed if compress else np.savez)(partial, **arrays)
        if not _holds(partial, arrays):
            raise UserError(unreadable(path))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read_npz(path: pathlib.Path, most_bytes: int) -> dict[str, np.ndarray]:
    """All arrays of a small file, which may be anybody's.

    Args:
      path: of the file.
      most_bytes: that its arrays may take together.

    Raises:
      PermissionError: it may not be read.
      ValueError: it is damaged, or larger.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            claimed = sum(map(_array_bytes(archive), archive.infolist()))
        if claimed > most_bytes:
            raise ValueError(f"it takes {claimed} bytes")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (PermissionError, MemoryError):
        raise
    except Exception as error:  # what garbled archives and headers raise has no bounds
        raise ValueError(f"{path} is damaged or too large: {error}") from error


def _array_bytes(archive: zipfile.ZipFile):
    """Tells of a part what it unpacks to, or its array takes if that is more."""

    def count(part: zipfile.ZipInfo) -> int:
        with archive.open(part) as file:
            version = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read(file)
        return max(part.file_size, math.prod(shape) * dtype.itemsize)

    return count


def unreadable(path: pathlib.Path) -> str:
    """What to say of a file that is not on the disk as it was written."""
    return (
        f"{path} is not kept, for what was written cannot be read again; see to the "
        "disk, and run the same command again"
    )


def _holds(path: pathlib.Path, arrays: Mapping[str, Any]) -> bool:
    try:
        with np.load(path, allow_pickle=False) as file:
            return all(_same(file[name], np.asarray(x)) for name, x in arrays.items())
    except Exception:  # what numpy raises for damaged files has no bounds
        return False


def _same(read: np.ndarray, written: np.ndarray) -> bool:
    return np.array_equal(read, written, equal_nan=written.dtype.kind == "f")
