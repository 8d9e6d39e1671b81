"""Measures speed, and writes tables, JSON and plots."""

import argparse
import shlex
import sys

from vaegan_jax.benchmark.commands import add_commands
from vaegan_jax.cli.parser import Parser
from vaegan_jax.errors import UserError, missing_platform


def measure(given: argparse.Namespace) -> None:
    """Runs a benchmark, writes what it found and prints the Markdown.

    Raises:
      KeyboardInterrupt: what is written is what there was until then.
    """
    import jax

    from vaegan_jax.benchmark import machine, report
    from vaegan_jax.inference.shape_files import make_folder
    from vaegan_jax.runtime.cpu import keep_freed_memory

    if given.backend != "auto":
        jax.config.update("jax_platforms", given.backend)
        if missing := missing_platform("--backend"):
            raise UserError(missing)
    keep_freed_memory()
    program = sys.argv[0]
    program = f"python {program}" if program.endswith(".py") else program
    command = f"{program} {shlex.join(sys.argv[1:])}"
    output = make_folder(given.output)  # before what takes long
    found = given.function(given)
    print(report.write(found, machine.describe(), command, output))
    if found.interrupted:
        raise KeyboardInterrupt


def main() -> None:
    parser = Parser(description=__doc__.splitlines()[0])
    add_commands(parser.add_subparsers(required=True, metavar="COMMAND"))
    measure(parser.parse_args())
