"""Files inside a folder, a zip or a tar, read one at a time and never unpacked."""

import lzma
import os
import pathlib
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator

from vaegan_jax.errors import UserError

# What the readers raise for cut, garbled, encrypted and oddly compressed archives.
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    MemoryError,
)
_ZIP = b"PK\x03\x04"  # the beginning of a zip, which is told by its end
_LARGEST_FILE = 256 << 20  # bytes; nothing here is larger, but a zip bomb is


class Archive:
    """Named files of a folder, zip or tar.

    Nothing is written to disk, so names that climb out of an archive do no harm.
    """

    def __init__(self, path: str | os.PathLike):
        """Opens an archive.

        Raises:
          FileNotFoundError: if there is nothing at the path.
          UserError: if it is neither a folder, a zip nor a tar.
        """
        self.path = pathlib.Path(path).expanduser()
        if not self.path.exists():
            raise FileNotFoundError(f"{self.path}: there is no such file or folder.")
        self._zip = self._tar = None
        self._tar_members = {}
        if self.path.is_dir():
            return
        try:
            if zipfile.is_zipfile(self.path):
                self._zip = zipfile.ZipFile(self.path)
            elif tarfile.is_tarfile(self.path):
                self._tar = tarfile.open(self.path)  # noqa: SIM115 (closed in close)
                self._tar_members = {
                    member.name.removeprefix("./"): member
                    for member in self._tar
                    if member.isfile()
                }
            elif _begins_with(self.path, _ZIP):
                raise zipfile.BadZipFile("its end is missing")
            else:
                raise UserError(f"{self.path}: neither a folder, a zip nor a tar.")
        except _DAMAGE as error:
            raise UserError(
                f"{self.path}: the archive is damaged or incomplete ({error!r}); "
                "download or copy it again."
            ) from error

    def names(self, suffix: str | tuple[str, ...]) -> list[str]:
        """Sorted names, with forward slashes, of the files that end in `suffix`, or in
        one of several."""
        if self._zip:
            names: Iterable[str] = self._zip.namelist()
        elif self._tar:
            names = self._tar_members
        else:
            names = _names_below(self.path)
        return sorted({name for name in names if name.lower().endswith(suffix)})

    def position(self, name: str) -> int:
        """Where in the archive a file is; compressed tars are quick in this order."""
        return self._tar_members[name].offset_data if self._tar else 0

    def fingerprint(self, name: str) -> tuple:
        """The name of a file with what tells cheaply that its content has changed."""
        if self._zip:
            member = self._zip.getinfo(name)
            return name, member.file_size, member.CRC
        if self._tar:
            return name, self._tar_members[name].size, self._tar_members[name].mtime
        stat = (self.path / name).stat()
        return name, stat.st_size, stat.st_mtime_ns

    def read(self, name: str) -> bytes:
        """The content of one file.

        Raises:
          UserError: if it cannot be read or is larger than any file here should be.
        """
        try:
            return self._read(name)
        except _DAMAGE as error:
            raise UserError(
                f"{self.describe(name)}: cannot be read ({error})."
            ) from error

    def _read(self, name: str) -> bytes:
        if self._zip:
            file, size = self._zip.open(name), self._zip.getinfo(name).file_size
        elif self._tar:
            member = self._tar_members[name]
            file, size = self._tar.extractfile(member), member.size
        else:
            path = self.path / name
            file, size = path.open("rb"), path.stat().st_size
        with file:
            if size > _LARGEST_FILE:
                raise UserError(f"{self.describe(name)}: too large ({size:,} bytes).")
            content = file.read(size)
        if len(content) < size:
            raise UserError(f"{self.describe(name)}: the file is cut short.")
        return content

    def describe(self, name: str) -> str:
        """How messages refer to a file in this archive."""
        return str(self.path / name) if self.path.is_dir() else f"{self.path}:{name}"

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_) -> None:
        for file in (self._zip, self._tar):
            if file:
                file.close()


def _names_below(folder: pathlib.Path) -> Iterator[str]:
    """Files below a folder, also where links to folders lead, but nowhere twice."""
    been = set()
    for root, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        here = os.path.realpath(root)
        if here in been:
            folders.clear()
            continue
        been.add(here)
        for file in map(pathlib.Path(root).joinpath, files):
            if file.is_file():
                yield file.relative_to(folder).as_posix()


def _begins_with(path: pathlib.Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic
