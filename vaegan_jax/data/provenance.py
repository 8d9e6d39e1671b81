"""What a data set says of how it was made, in a directory or a packed file."""

import json
import os
import pathlib
import zipfile
import zlib
from typing import Any

import numpy as np

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.paths import expand

_METADATA = "metadata.json"  # TensorFlow Datasets' name
_DAMAGED = (ValueError, EOFError, LookupError, zipfile.BadZipFile, zlib.error)
_UNTOLD = ("report", "listing")  # too long for a line, or no use in one


def find_directory(path: pathlib.Path) -> pathlib.Path:
    """The data set directory that a path is, or the only one below it.

    Raises:
      UserError: there is none, or more than one.
    """
    found = sorted({p.parent for p in path.rglob("dataset_info.json")})
    if len(found) != 1:
        raise UserError(
            f"{path} holds {len(found) or 'no'} prepared data sets; name the "
            "directory that holds the dataset_info.json of one"
        )
    return found[0]


def read_provenance(path: str | pathlib.Path) -> dict[str, Any]:
    """The facts that were recorded when a data set was made; {} if none were.

    Args:
      path: of a data set that can be read.

    Raises:
      UserError: the facts are damaged.
    """
    path = pathlib.Path(expand(os.fspath(path)))
    file = path if path.is_file() else find_directory(path) / _METADATA
    try:
        if path.is_file():
            with np.load(path, allow_pickle=False) as packed:
                return json.loads(str(packed.get("metadata", "{}")))
        return json.loads(file.read_text("utf-8")) if file.exists() else {}
    except _DAMAGED as error:
        raise UserError(
            f"{file} is damaged; delete the data set and make it again"
        ) from error


def describe(facts: dict[str, Any]) -> str:
    """Facts in one line: `source mesh_folder, resolution 32, camera (num_views 12)`."""
    told = []
    for name, value in facts.items():
        if name in _UNTOLD or value in (None, [], {}, ""):
            continue
        if name == "skipped":
            told.append(f"skipped {len(value)} files")
        elif isinstance(value, dict):
            told.append(f"{name} ({describe(value)})")
        elif isinstance(value, list):
            told.append(f"{name} {' '.join(map(str, value))}")
        else:
            told.append(f"{name} {value}")
    return ", ".join(told) or "nothing is recorded"
