"""The command `vaegan`, of which every script is a part.

vaegan train --config=mv_vae_gan:demo
"""

import importlib
import sys

from absl import flags

import vaegan_jax
from vaegan_jax.cli import command_line
from vaegan_jax.errors import UserError

# --help lists the flags of the command, not of this module.
flags.disclaim_key_flags()

# Each is a module here; what it does, for a stranger.
COMMANDS = {
    "train": "trains a model, on chairs that it makes if given no others",
    "sample": "dreams up new shapes",
    "reconstruct": "makes shapes of pictures",
    "interpolate": "makes shapes between shapes",
    "evaluate": "measures a model, or compares two",
    "export": "writes a model to give away",
    "demo": "shows a model on a local web page",
    "benchmark": "measures speed",
    "reproduce": "makes results of docs/results.md again",
    "draw-docs": "makes the pictures of docs/ again",
    "prepare-data": "makes data sets of meshes, voxels and views, and looks into them",
}
# Their arguments are argparse's, in subcommands.
_WITH_SUBCOMMANDS = ("benchmark", "prepare-data")


def usage() -> str:
    """What `vaegan --help` prints: one screen."""
    lines = [f"  {name:<13}{does}" for name, does in COMMANDS.items()]
    return "\n".join(
        [
            "usage: vaegan COMMAND ...",
            "",
            vaegan_jax.__doc__.splitlines()[0],
            "",
            *lines,
            "",
            "Begin with   vaegan sample",
            "or train     vaegan train --config=mv_vae_gan:demo",
            "and then     vaegan sample --workdir=runs/mv_vae_gan-demo",
            "Flags:       vaegan COMMAND --help",
        ]
    )


def main() -> None:
    """Runs the command that the first argument names, with those that follow."""
    name, *rest = sys.argv[1:] or ["--help"]
    if name in ("--help", "-h", "--helpshort", "help"):
        print(usage())
    elif name == "--version":
        print(f"vaegan_jax {vaegan_jax.__version__}")
    else:
        command_line.guard(_check, name)
        sys.argv = [f"vaegan {name}", *rest]
        start(name)


def start(name: str) -> None:
    """Runs a command with the arguments of this process, and exits."""
    module = importlib.import_module(f"vaegan_jax.cli.{name.replace('-', '_')}")
    program = sys.modules["__main__"]
    program.__doc__ = program.__doc__ or module.__doc__  # what --help begins with
    if name in _WITH_SUBCOMMANDS:
        sys.exit(command_line.guard(module.main))
    command_line.run(module.main)


def _check(name: str) -> None:
    if name not in COMMANDS:
        raise UserError(
            f"there is no command {name!r}; there are {', '.join(COMMANDS)}"
        )
