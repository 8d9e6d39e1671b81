"""`cameras.json`: from where the pictures of shapes were taken."""

import json
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.pictures.files import Picture

CAMERAS = "cameras.json"
_NUMBERS = tuple(ViewCamera.__dataclass_fields__)
_NEEDED = _NUMBERS[:2]
_EXAMPLE = '{"chair": [{"picture": "a.png", "azimuth_degrees": 40, '
_EXAMPLE += '"elevation_degrees": 30}]}'
_MOST_BYTES = 1 << 26
_MOST_DEGREES = 3600
# What an entry may hold besides.
_OTHERS = ("picture", "known", "overlap", "confidence", "otherwise")

# Of each shape, by the names of its pictures.
Cameras = dict[str, dict[str, ViewCamera]]


def picture_names(pictures: Sequence[Picture]) -> list[str]:
    """What the pictures of a shape are called in the file.

    Their own names; their paths, if names come twice; or their numbers from 1.
    """
    files = [one for one in pictures if isinstance(one, str | os.PathLike)]
    if len(files) == len(pictures):
        for told in (lambda file: pathlib.Path(file).name, os.fspath):
            names = [str(told(file)) for file in files]
            if len(set(names)) == len(names):
                return names
    return [str(place + 1) for place in range(len(pictures))]


def entry(name: str, camera: ViewCamera, **more: Any) -> dict[str, Any]:
    """One picture in the file."""
    numbers = {field: round(getattr(camera, field), 4) for field in _NUMBERS}
    return {"picture": name, **numbers, **more}


def write_cameras(
    folder: pathlib.Path, entries: Mapping[str, Sequence[dict[str, Any]]]
) -> None:
    """Writes the file, by shapes' names; there is all of it or what was there."""
    partial = folder / f".{CAMERAS}"
    text = json.dumps(entries, indent=1, ensure_ascii=False)
    partial.write_text(text + "\n", "utf-8")
    os.replace(partial, folder / CAMERAS)


def read_cameras(path: str | os.PathLike) -> Cameras:
    """The cameras that a file tells: by shape, then by picture.

    An entry needs `picture`, `azimuth_degrees` and `elevation_degrees`; without
    `distance` and `field_of_view_degrees` these are the usual ones. What else
    `reconstruct.py` writes does not matter, so its file can be corrected and given.

    Raises:
      UserError: the file is not there, or something in it is not as it should be.
    """
    path = pathlib.Path(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(f"{path} is too large for a list of cameras")
        text = path.read_text("utf-8-sig")
        content = json.loads(text, object_pairs_hook=_unrepeated)
    except _RepeatedError as error:
        raise UserError(f"{path} has {error} twice in one place; remove one") from error
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else error
        raise UserError(f"{path} cannot be read ({reason}); name a file") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is no JSON; write {_EXAMPLE}") from error
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path} names no shapes; write {_EXAMPLE}")
    return {name: _of_shape(path, name, each) for name, each in content.items()}


class _RepeatedError(Exception):
    """A key comes twice."""


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _RepeatedError(repr(key))
        found[key] = value
    return found


def _of_shape(path: pathlib.Path, shape: str, entries: Any) -> dict[str, ViewCamera]:
    if not isinstance(entries, list):
        raise UserError(f"{path}: {shape!r} has no list of cameras; write {_EXAMPLE}")
    cameras: dict[str, ViewCamera] = {}
    for one in entries:
        if not isinstance(one, dict) or not isinstance(one.get("picture"), str):
            raise UserError(
                f'{path}: a camera of {shape!r} has no "picture"; write {_EXAMPLE}'
            )
        name = one["picture"]
        if name in cameras:
            raise UserError(f"{path}: {shape!r} has two cameras of {name}; remove one")
        try:
            cameras[name] = _camera(one)
        except (UserError, OverflowError) as error:
            raise UserError(f"{path}: {name} of {shape!r}: {error}") from error
    return cameras


def _camera(one: dict[str, Any]) -> ViewCamera:
    """That of an entry; raises a `UserError` if there is none in it."""
    for field in one:
        if field not in (*_NUMBERS, *_OTHERS):
            known = ", ".join(_NUMBERS)
            raise UserError(f"{field!r} is unknown; a camera has {known}")
    numbers = {field: one[field] for field in _NUMBERS if field in one}
    for field in (*_NEEDED, *numbers):
        value = numbers.get(field)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UserError(f"{field} is {value!r}; give a number")
    if abs(numbers[_NUMBERS[0]]) > _MOST_DEGREES:
        raise UserError(f"{_NUMBERS[0]} is {numbers[_NUMBERS[0]]}; give some degrees")
    return ViewCamera(**{field: float(value) for field, value in numbers.items()})


def keep_apart(path: str | os.PathLike, output: str | os.PathLike) -> None:
    """Raises a `UserError` if a file of known cameras would be written over."""
    written = pathlib.Path(output) / CAMERAS
    if written.exists() and os.path.exists(path) and written.samefile(path):
        raise UserError(
            f"{path} would be replaced by the cameras of the results; copy it, or "
            "choose another --output"
        )


def check_names(cameras: Cameras, pictures: Mapping[str, Sequence[Picture]]) -> None:
    """Raises a `UserError` if a camera is of a shape or picture that is not there."""
    for shape, known in cameras.items():
        if shape not in pictures:
            raise UserError(
                f"there are cameras of {shape!r}, but the shapes are: "
                + ", ".join(sorted(pictures)[:9])
            )
        names = picture_names(pictures[shape])
        for name in known:
            if name not in names:
                raise UserError(
                    f"there is a camera of {name} of {shape!r}, but its pictures are: "
                    + ", ".join(names[:9])
                )
