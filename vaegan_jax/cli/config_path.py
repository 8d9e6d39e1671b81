"""What --config names: an experiment or a file, and after a colon perhaps a variant."""

import os
import pathlib
from typing import Any

from absl import flags

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.paths import expand

# Inside of the library if installed, beside it in a checkout.
_LIBRARY = pathlib.Path(__file__).parents[1]
_INSIDE = _LIBRARY / "configs"
_FOLDER = _INSIDE if _INSIDE.is_dir() else _LIBRARY.parent / "configs"


def experiments() -> list[str]:
    """The names of the experiments that come with the library."""
    return sorted(path.stem for path in _FOLDER.glob("[!_]*.py"))


def _experiment(name: str) -> str | None:
    return str(_FOLDER / f"{name}.py") if name in experiments() else None


class ConfigPathParser(flags.ArgumentParser):
    """Finds experiments by name, expands `~`, and refuses colons inside of paths.

    At such a colon another parser would cut the path.
    """

    syntactic_help = "NAME or PATH, and perhaps :VARIANT"

    def __init__(self, inner: flags.ArgumentParser):
        self._inner = inner

    def parse(self, argument: str) -> Any:
        """What the inner parser makes of it."""
        argument = expand(argument)
        start, *parts = argument.split(":")
        if built_in := _experiment(start):
            return self._inner.parse(":".join([built_in, *parts]))
        if start.isidentifier() and not os.path.exists(start):
            raise UserError(
                f"there is no experiment {start!r}; there are "
                f"{', '.join(experiments())}, or give the path of a file"
            )
        if not os.path.isfile(start):
            path = start
            for part in parts:
                path += f":{part}"
                if os.path.isfile(path):
                    raise UserError(
                        f"{path} holds a colon, after which a variant is expected; go "
                        "to its folder and name it from there, or rename it"
                    )
        return self._inner.parse(argument)
