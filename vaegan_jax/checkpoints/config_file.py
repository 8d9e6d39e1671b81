"""The configuration beside saved states and exported weights."""

import json
import os
import pathlib

from ml_collections import ConfigDict

from vaegan_jax.config.reference import with_additions
from vaegan_jax.errors import UserError

_CONFIG = "config.json"


def save_config(workdir: str | pathlib.Path, config: ConfigDict) -> None:
    """Writes the configuration to the work directory, as JSON."""
    path = pathlib.Path(workdir) / _CONFIG
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(config.to_dict(), indent=2) + "\n", "utf-8")
    os.replace(partial, path)


def load_config(workdir: str | pathlib.Path) -> ConfigDict | None:
    """The configuration of a work directory, as of today; None if it has none.

    Raises:
      UserError: the file is damaged.
    """
    path = pathlib.Path(workdir) / _CONFIG
    if not path.exists():
        return None
    try:
        fields = json.loads(path.read_text("utf-8"))
        if not isinstance(fields, dict):
            raise ValueError("no object with fields")
        return ConfigDict(with_additions(fields))
    except (ValueError, TypeError, RecursionError) as error:
        raise UserError(
            f"{path} is not valid JSON ({error}); restore it or start in a new "
            "work directory"
        ) from error
