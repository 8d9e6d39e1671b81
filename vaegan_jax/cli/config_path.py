"""What --config names: a file, and after a colon perhaps a variant."""

import os
from typing import Any

from absl import flags

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.paths import expand


class ConfigPathParser(flags.ArgumentParser):
    """Expands `~`, and refuses paths that another parser would cut at a colon."""

    syntactic_help = "PATH or PATH:VARIANT"

    def __init__(self, inner: flags.ArgumentParser):
        self._inner = inner

    def parse(self, argument: str) -> Any:
        """What the inner parser makes of it."""
        argument = expand(argument)
        start, *parts = argument.split(":")
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
