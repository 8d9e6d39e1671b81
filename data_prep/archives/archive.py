"""Files inside a folder, a zip or a tar, read one at a time and never unpacked."""

import functools
import lzma
import os
import pathlib
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.paths import expand

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
_SUFFIXES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz")
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
        self.path = pathlib.Path(expand(os.fspath(path)))
        if not self.path.exists():
            raise FileNotFoundError(f"{self.path}: there is no such file or folder.")
        self._zip = self._tar = None
        self._tar_members = {}
        if self.path.is_dir():
            return
        try:
            # Tars first: a zip is told by its end, which may be a file in a tar.
            if tarfile.is_tarfile(self.path):
                self._tar = tarfile.open(self.path)  # noqa: SIM115 (closed in close)
                self._tar_members = {
                    member.name.removeprefix("./"): member
                    for member in self._tar
                    if not member.isdir()
                }
            elif zipfile.is_zipfile(self.path):
                self._zip = zipfile.ZipFile(self.path)
            elif _begins_with(self.path, _ZIP):
                raise zipfile.BadZipFile("its end is missing")
            else:
                known = self.path.suffix.lower() in _SUFFIXES
                remedy = "download or copy it again" if known else "give its folder"
                raise UserError(
                    f"{self.path}: neither a folder, a zip nor a tar; {remedy}."
                )
        except _DAMAGE as error:
            raise UserError(
                f"{self.path}: the archive is damaged or incomplete ({error!r}); "
                "download or copy it again."
            ) from error

    def names(self, suffix: str | tuple[str, ...]) -> list[str]:
        """Sorted names, with forward slashes, of the files that end in `suffix`, or in
        one of several."""
        names = {name for name in self._names() if name.lower().endswith(suffix)}
        return sorted(names.difference(self.links()))

    def links(self) -> list[str]:
        """Sorted names of what is no file in a zip or tar: links, mostly.

        They may lead anywhere, so they are not followed. Those in a folder are: the
        user has put them there.
        """
        if self._zip:
            modes = {i.filename: i.external_attr >> 16 for i in self._zip.infolist()}
            return sorted(name for name, mode in modes.items() if stat.S_ISLNK(mode))
        members = self._tar_members.items()
        return sorted(name for name, member in members if not member.isfile())

    def _names(self) -> Iterable[str]:
        if self._zip:
            return self._zip.namelist()
        if self._tar:
            return self._tar_members
        return _names_below(self.path)

    @property
    def is_tar(self) -> bool:
        """Whether it is best read forwards, as compressed tars are."""
        return self._tar is not None

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


def first_existing(folder: os.PathLike, *names: str) -> str:
    """The path of the first of these in a folder that is there.

    Raises:
      FileNotFoundError: if none is.
    """
    for name in names:
        if (path := pathlib.Path(folder, name)).exists():
            return str(path)
    raise FileNotFoundError(f"{folder}: holds neither {' nor '.join(names)}.")


def open_once(path: str | os.PathLike) -> Archive:
    """An archive that stays open for the next to ask: once in every process."""
    return _open(path, os.stat(path).st_mtime_ns)


@functools.lru_cache(maxsize=2)
def _open(path: str | os.PathLike, _modified: int) -> Archive:
    return Archive(path)


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
