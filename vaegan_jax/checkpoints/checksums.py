"""Checksums of the files in a folder, in a list that `sha256sum --check` reads."""

import hashlib
import pathlib
from collections.abc import Collection

NAME = "checksums.txt"


def write_checksums(folder: pathlib.Path, ignored: Collection[str] = ()) -> None:
    """Lists the SHA-256 of the files in a folder, but some, in a file there."""
    names = (name for name in _files(folder) if name not in ignored)
    lines = [f"{_digest(folder / name)}  {name}\n" for name in names]
    (folder / NAME).write_text("".join(lines), "utf-8")


def find_damage(
    folder: pathlib.Path,
    ignored: Collection[str] = (),
    only: Collection[str] | None = None,
) -> str | None:
    """What is wrong with the files in a folder, or None.

    A folder without a list passes: nothing is known of it.

    Args:
      folder: with the list in it.
      ignored: names of files that need not be listed.
      only: check the files of these names alone, and not that all are listed.

    Raises:
      PermissionError: one may not be read, whatever is in it.
    """
    if not (folder / NAME).exists():
        return None
    try:
        lines = (folder / NAME).read_text("utf-8").splitlines()
    except ValueError:
        return f"{NAME} is garbled"
    listed = {name: digest for digest, _, name in (x.partition("  ") for x in lines)}
    if only is None:
        for name in _files(folder):
            if name not in listed and name not in ignored:
                return f"{name} is not in its list of checksums"
    for name, digest in listed.items():
        if only is not None and name not in only:
            continue
        try:
            if _digest(folder / name) != digest:
                return f"{name} has changed since it was written"
        except PermissionError:
            raise
        except (OSError, ValueError):
            return f"{name} is missing or cannot be read"
    return None


def _files(folder: pathlib.Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    names = (path.relative_to(folder).as_posix() for path in paths)
    return sorted(name for name in names if name != NAME)


def _digest(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
