"""Makes data sets and looks into them."""

import argparse

from vaegan_jax.cli.command_line import guard
from vaegan_jax.cli.data_sets import data_prep
from vaegan_jax.cli.parser import Parser
from vaegan_jax.runtime.paths import path_argument


def inspect(given: argparse.Namespace) -> str:
    """Tells what a data set holds, and draws some of it."""
    from vaegan_jax.data.inspection import draw, report

    print(report(given.data_dir), flush=True)  # drawing takes longer
    return f"contact sheet: {draw(given.data_dir, given.picture, given.shapes)}"


def pack(given: argparse.Namespace) -> str:
    """Writes a data set as one file that training keeps on the device."""
    from vaegan_jax.data.packing import pack

    pack(given.data_dir, given.output, given.image_size)
    return given.output


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = Parser(description="Makes data sets and looks into them.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_command = data_prep("commands").add_command
    positive = data_prep("options").positive
    data_prep("commands").add_commands(commands)
    option = add_command(commands, inspect).add_argument
    option(
        "--data_dir",
        type=path_argument,
        required=True,
        help="prepared data set, or a packed file",
    )
    option(
        "--picture",
        type=path_argument,
        help="the contact sheet to draw (DIR/contact_sheet.png)",
    )
    option("--shapes", type=positive, default=12, help="how many it shows (12)")
    option = add_command(commands, pack).add_argument
    option(
        "--data_dir",
        type=path_argument,
        required=True,
        help="directory of a prepared data set",
    )
    option("--output", type=path_argument, required=True, help="the .npz file to write")
    option(
        "--image_size", type=positive, default=64, help="larger views are reduced to it"
    )
    return parser.parse_args(arguments)


def run(arguments: list[str] | None) -> None:
    given = parse(arguments)
    data_prep("making.memory").limit_memory()
    print(given.function(given))


def main(arguments: list[str] | None = None) -> int:
    guard(run, arguments)
    return 0
