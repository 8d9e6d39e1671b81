"""`.npz` files that are complete and can be read, or are not there."""

import io
import math
import os
import pathlib
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.stored import Items, StoredFile, Streamed

_CHUNK = 1 << 20  # bytes


def write_npz(
    path: pathlib.Path, arrays: Mapping[str, Any], compress: bool = False
) -> None:
    """Writes arrays under another name, reads them again, and renames the file.

    What was there before stays until then.

    Args:
      path: ends in `.npz`.
      arrays: what it is to hold, some perhaps `Streamed`.
      compress: for files to give away.

    Raises:
      UserError: what was written is not what is read.
    """
    partial = path.with_suffix(".partial.npz")
    kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    try:
        with zipfile.ZipFile(partial, "w", kind) as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    _write_array(file, array)
        if not _holds(partial, archive.infolist()):
            raise UserError(unreadable(path))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _write_array(file: io.BufferedIOBase, array: Any) -> None:
    if not isinstance(array, Streamed):
        np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
        return
    facts = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": False,
        "shape": tuple(map(int, array.shape)),  # as the header spells them
    }
    np.lib.format.write_array_header_1_0(file, facts)
    rows = 0
    for part in array.parts:
        if (part.shape[1:], part.dtype) != (array.shape[1:], array.dtype):
            raise ValueError(f"{part.shape} {part.dtype} is no part of {array.shape}")
        file.write(np.ascontiguousarray(part).data)
        rows += len(part)
    if rows != array.shape[0]:
        raise ValueError(f"{rows} rows of {array.shape[0]} came")


def stored_items(
    archive: zipfile.ZipFile, name: str, axes: int, damaged: str
) -> tuple[Items, tuple[int, ...]]:
    """An array of an uncompressed file, to be read in part; all of it is checked.

    Args:
      archive: the file.
      name: of the array.
      axes: how many of its first axes number the items.
      damaged: what to tell if the file has become shorter later.

    Returns:
      The items, and how many there are along each of these axes.

    Raises:
      ValueError: it is no such array, or compressed, or not what was written.
      zipfile.BadZipFile: it is not what was written.
      KeyError: there is none of this name.
    """
    part = archive.getinfo(f"{name}.npy")
    if part.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed")
    with archive.open(part) as file:
        shape, in_columns, dtype = _read_header(file)
        header, item = file.tell(), math.prod(shape[axes:]) * dtype.itemsize
        count = math.prod(shape[:axes])
        if in_columns or dtype.hasobject or len(shape) < axes or (count and not item):
            raise ValueError(f"{name} is {shape} {dtype}")
        if part.file_size != header + count * item:
            raise ValueError(f"{name} has {part.file_size} bytes, not as {shape}")
        _read_through(file)
    offset = _content_offset(archive, part) + header
    opened = StoredFile(archive.fp.fileno(), damaged)
    return Items(opened, offset, shape[axes:], dtype), shape[:axes]


def stored_shape(archive: zipfile.ZipFile, name: str) -> tuple[int, ...]:
    """The shape of an array, of which nothing else is read; see `stored_items`."""
    with archive.open(f"{name}.npy") as file:
        return _read_header(file)[0]


def _content_offset(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """Where in the file a part's content begins: behind a header and two names."""
    archive.fp.seek(part.header_offset)
    header = archive.fp.read(zipfile.sizeFileHeader)
    fields = struct.unpack(zipfile.structFileHeader, header)
    return part.header_offset + len(header) + sum(fields[-2:])


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
            shape, _, dtype = _read_header(file)
        return max(part.file_size, math.prod(shape) * dtype.itemsize)

    return count


def _read_header(file: io.BufferedIOBase) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape of an array, whether it lies in Fortran's order, and dtype."""
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    return read(file)


def unreadable(path: pathlib.Path) -> str:
    """What to say of a file that is not on the disk as it was written."""
    return (
        f"{path} is not kept, for what was written cannot be read again; see to the "
        "disk, and run the same command again"
    )


def _read_through(file: io.BufferedIOBase) -> None:
    """Reads a part to its end, where its checksum is compared."""
    while file.read(_CHUNK):
        pass


def _holds(path: pathlib.Path, written: list[zipfile.ZipInfo]) -> bool:
    """Whether a file holds what was written, by sizes and checksums of all of it."""
    facts = lambda part: (part.filename, part.file_size, part.CRC)  # noqa: E731
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                with archive.open(part) as file:
                    _read_through(file)
            return [*map(facts, archive.infolist())] == [*map(facts, written)]
    except Exception:  # what damaged files raise has no bounds
        return False
