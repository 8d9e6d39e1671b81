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

# Of each shape, by the names of its pictures.
Cameras = dict[str, dict[str, ViewCamera]]


def picture_name(picture: Picture, place: int) -> str:
    """What a picture is called in the file: its own name, or its number from 1."""
    if isinstance(picture, str | os.PathLike):
        return pathlib.Path(picture).name
    return str(place + 1)


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
    `distance` and `field_of_view_degrees` these are the usual ones. Others do not
    matter, so what `reconstruct.py` wrote can be read, and corrected by hand before.

    Raises:
      UserError: the file is not there, or something in it is not as it should be.
    """
    path = pathlib.Path(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(f"{path} is too large for a list of cameras")
        content = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else error
        raise UserError(f"{path} cannot be read ({reason}); name a file") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is no JSON; write {_EXAMPLE}") from error
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path} names no shapes; write {_EXAMPLE}")
    return {name: _of_shape(path, name, each) for name, each in content.items()}


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
        numbers = {field: one[field] for field in _NUMBERS if field in one}
        for field in (*_NEEDED, *numbers):
            value = numbers.get(field)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise UserError(
                    f"{path}: {field} of {name} of {shape!r} is {value!r}; give a "
                    "number"
                )
        try:
            cameras[name] = ViewCamera(**{k: float(v) for k, v in numbers.items()})
        except (UserError, OverflowError) as error:
            raise UserError(f"{path}: {name} of {shape!r}: {error}") from error
    return cameras


def check_names(cameras: Cameras, pictures: Mapping[str, Sequence[Picture]]) -> None:
    """Raises a `UserError` if a camera is of a shape or picture that is not there."""
    for shape, known in cameras.items():
        if shape not in pictures:
            raise UserError(
                f"there are cameras of {shape!r}, but the shapes are: "
                + ", ".join(sorted(pictures)[:9])
            )
        names = [picture_name(each, i) for i, each in enumerate(pictures[shape])]
        for name in known:
            if name not in names:
                raise UserError(
                    f"there is a camera of {name} of {shape!r}, but its pictures are: "
                    + ", ".join(names[:9])
                )
