"""Which pictures in folders belong to which shape."""

import os
import pathlib
import re
import warnings

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.ignored_files import is_ignored, report_ignored
from vaegan_jax.shapes.pictures.files import PICTURE_SUFFIXES
from vaegan_jax.shapes.pictures.heic import HEIC_SUFFIXES, NEEDS, heic_formats

# Of pictures that are not read, and that people may expect to be.
_OTHER_SUFFIXES = (
    *(".heic", ".heif", ".avif", ".jxl", ".jp2", ".psd", ".svg", ".exr", ".hdr"),
    *(".tga", ".ppm", ".pgm", ".dng", ".cr2", ".nef", ".arw", ".jfif", ".ico"),
)


def picture_sets(
    paths: list[str | os.PathLike],
) -> dict[str, list[pathlib.Path]]:
    """The pictures of each shape, by its name.

    Hidden files and those of operating systems are ignored (`is_ignored`). A warning
    names them, and pictures of kinds that are not read.

    Args:
      paths: pictures of one shape; or one folder of them; or one folder of such
        folders, each of which is a shape.

    Raises:
      UserError: if a path does not exist, or a folder holds no picture.
    """
    paths = [pathlib.Path(path) for path in paths]
    for path in paths:
        if not path.exists():
            raise UserError(f"{path} does not exist; give pictures or a folder of them")
    folders = [path for path in paths if path.is_dir()]
    if not folders:
        return {paths[0].stem if len(paths) == 1 else "shape": paths}
    if len(folders) < len(paths) or len(folders) > 1:
        raise UserError(
            f"{folders[0]} is a folder; give either pictures, or one folder of "
            "pictures, or one folder of such folders"
        )
    (folder,) = folders
    inside = _pictures_in(folder)
    below = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    below = [path for path in below if not is_ignored([path.name])]
    sets = {path.name: _pictures_in(path) for path in below}
    sets = {name: pictures for name, pictures in sets.items() if pictures}
    if inside and sets:
        raise UserError(
            f"{folder} holds pictures and folders of pictures; name the pictures, or "
            "move them into a folder of their own"
        )
    if inside:
        sets = {folder.resolve().name: inside}
    if not sets:
        raise UserError(
            f"{folder} holds no picture; those of these kinds are read: "
            + " ".join(_suffixes())
            + _remedy([folder, *below])
        )
    _tell_of_others([folder, *below])
    return sets


def _pictures_in(folder: pathlib.Path) -> list[pathlib.Path]:
    """Numbers in the names count as numbers: view_2 comes before view_10."""
    pictures = [p for p in folder.iterdir() if p.suffix.lower() in _suffixes()]
    pictures = [p for p in pictures if p.is_file() and not is_ignored([p.name])]

    def key(path):
        parts = re.split(r"(\d+)", path.name.lower())
        return [int(part) if part.isdecimal() else part for part in parts]

    return sorted(pictures, key=key)


def _suffixes() -> tuple[str, ...]:
    """Of pictures that are read here and now."""
    return PICTURE_SUFFIXES + (HEIC_SUFFIXES if heic_formats() else ())


def _tell_of_others(folders: list[pathlib.Path]) -> None:
    files = [path for folder in folders for path in sorted(folder.iterdir())]
    ignored = [
        str(path)
        for path in files
        if is_ignored([path.name]) and path.suffix.lower() in _suffixes()
    ]
    for line in report_ignored(ignored):
        warnings.warn(line, stacklevel=3)
    unread = set(_OTHER_SUFFIXES) - set(_suffixes())
    others = [
        path
        for path in files
        if path.suffix.lower() in unread and not is_ignored([path.name])
    ]
    if others:
        warnings.warn(
            f"pictures of kinds that are not read: {len(others)} (first {others[0]}); "
            f"save them as PNG or JPEG{_remedy(folders)}",
            stacklevel=3,
        )


def _remedy(folders: list[pathlib.Path]) -> str:
    """What would have HEIC read, if there is some that is not."""
    files = (path for folder in folders for path in folder.iterdir())
    if heic_formats() or not any(p.suffix.lower() in HEIC_SUFFIXES for p in files):
        return ""
    return f"; HEIC {NEEDS}"
