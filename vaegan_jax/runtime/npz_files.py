"""`.npz` files that are complete and can be read, or are not there."""

import os
import pathlib
import zipfile
import zlib
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
      arrays: without NaN.
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
      most_bytes: that it may unpack to.

    Raises:
      PermissionError: it may not be read.
      ValueError: it is damaged, or larger.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > most_bytes:
            raise ValueError(f"{path} unpacks to {size} bytes")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except PermissionError:
        raise
    except (OSError, EOFError, LookupError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged") from error


def unreadable(path: pathlib.Path) -> str:
    """What to say of a file that is not on the disk as it was written."""
    return (
        f"{path} is not kept, for what was written cannot be read again; see to the "
        "disk, and run the same command again"
    )


def _holds(path: pathlib.Path, arrays: Mapping[str, Any]) -> bool:
    try:
        with np.load(path, allow_pickle=False) as file:
            return all(np.array_equal(file[name], x) for name, x in arrays.items())
    except Exception:  # what numpy raises for damaged files has no bounds
        return False
