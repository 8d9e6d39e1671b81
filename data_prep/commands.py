"""The commands of `scripts/prepare_data.py` that make data sets, and their options.

What makes them is imported when a command runs: TensorFlow takes seconds to load.
"""

import argparse
import pathlib

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.paths import path_argument
from vaegan_jax.shapes.orientation import AXES

from .options import (
    add_cameras,
    add_channels,
    add_mesh_options,
    add_resolution,
    add_selection,
    add_source_options,
    add_view_options,
    camera_of,
    mesh_settings,
    names,
    positive,
    selection,
    source_settings,
)


def procedural(given: argparse.Namespace) -> str:
    """Makes parametric chairs: nothing is downloaded."""
    from .prepare import prepare_procedural

    settings = given.resolution, given.image_size, given.cameras
    if given.layout:
        from .derived.r2n2_stand_in import write_stand_in

        if given.output is None:
            raise UserError("--layout needs the folder to write to, --output")
        if settings != (32, 64, "ring"):
            raise UserError(
                "--layout has its own resolution, image size and cameras; leave these "
                "options out"
            )
        chairs = given.count or 1200, given.seed or 0
        return str(write_stand_in(pathlib.Path(given.output), *chairs))
    if given.count is not None or given.seed is not None:
        raise UserError("--count and --seed are for --layout; leave them out")
    return str(prepare_procedural(given.output, *settings))


def furniture(given: argparse.Namespace) -> str:
    """Makes parametric furniture of many families: nothing is downloaded."""
    from .prepare import prepare_furniture
    from .procedural_furniture.catalogue import choose

    same = ("resolution", "image_size", "count", "seed", "solid")
    settings = {name: getattr(given, name) for name in same}
    settings["families"] = choose(given.families, given.without)
    if given.held_out_families:
        settings["held_out_families"] = choose(given.held_out_families)
    return str(prepare_furniture(given.output, camera=camera_of(given), **settings))


def meshes(given: argparse.Namespace) -> str:
    """Makes voxels and views from a folder, zip or tar of meshes."""
    from .prepare import prepare_meshes

    return _told(prepare_meshes(given.input, given.output, **mesh_settings(given)))


def modelnet(given: argparse.Namespace) -> str:
    """Downloads ModelNet10 or 40 and makes voxels and views from its meshes."""
    from .prepare import prepare_modelnet

    where = {"version": given.version, "url": given.url, "sha256": given.sha256}
    return _told(prepare_modelnet(given.output, **where, **mesh_settings(given)))


def volumetric(given: argparse.Namespace) -> str:
    """Reads 3D ShapeNets' volumetric_data: .mat files, 12 rotations of each shape."""
    from .prepare import prepare_volumetric

    settings = source_settings(given) | {"resolution": given.resolution}
    return _told(prepare_volumetric(given.input, given.output, **settings))


def archive(given: argparse.Namespace) -> str:
    """Pairs binvox grids with view images, by name."""
    from .prepare import prepare_archive

    where = (given.voxels, given.views, given.output)
    settings = selection(given) | {"up": given.up, "front": given.front}
    settings |= {"channels": given.channels, "ring": given.ring}
    return _told(prepare_archive(*where, **settings), "pairing.txt")


def r2n2(given: argparse.Namespace) -> str:
    """Reads ShapeNet as 3D-R2N2 rendered and voxelised it, with its cameras."""
    from .prepare import prepare_r2n2

    where = (given.voxels, given.views, given.output, given.split)
    settings = source_settings(given) | {"channels": given.channels}
    return _told(prepare_r2n2(*where, **settings))


def deform(given: argparse.Namespace) -> str:
    """Adds stretched copies of the training shapes to a packed file."""
    from .derived.deformed_file import deform_packed

    what = given.copies, given.seed, given.procedural, given.jitter, given.cameras
    deform_packed(given.packed, given.output, *what)
    return given.output


def teach(given: argparse.Namespace) -> str:
    """Gives the training shapes of a packed file targets that trained models make."""
    from .derived.taught_file import teach_packed

    teach_packed(given.packed, given.output, given.model, given.temperature)
    return given.output


def _told(target: pathlib.Path, report: str = "report.txt") -> str:
    return (target / report).read_text("utf-8") + str(target)


def add_command(commands, function) -> argparse.ArgumentParser:
    """Adds a command called as the function, which is to get the parsed options."""
    command = commands.add_parser(
        function.__name__, help=function.__doc__, description=function.__doc__
    )
    command.set_defaults(function=function)
    return command


def add_commands(commands) -> None:
    """Adds all commands above to the subparsers of a parser."""
    _add_makers(commands)
    _add_readers_of_pairs(commands)
    _add_derived(commands)


def _add_makers(commands) -> None:
    command = add_command(commands, procedural)
    option = command.add_argument
    option(
        "--output", type=path_argument, help="folder for data sets (default: the cache)"
    )
    option("--resolution", type=int, default=32, help="voxels a side: 32 or 64")
    option("--image_size", type=int, default=64, help="pixels: 64, 128 or 224")
    add_cameras(command)
    text = "files as 3D-R2N2's archives have them, for the command r2n2, instead"
    option("--layout", choices=("r2n2",), help=text)
    option("--count", type=positive, help="chairs, with --layout (1200)")
    option("--seed", type=int, help="with --layout (0)")

    command = add_command(commands, furniture)
    option = command.add_argument
    option("--output", type=path_argument, required=True, help="for the data set")
    option("--count", type=positive, default=3000, help="of shapes (3000)")
    option("--seed", type=int, default=0, help="of the shapes and random cameras (0)")
    text = "take only these, with commas between, chair,lamp say (all)"
    option("--families", type=names, default=(), help=text)
    text = "leave these out of all splits (none)"
    option("--without", type=names, default=(), help=text)
    text = "the test split: whole families that are not trained on"
    option("--held_out_families", type=names, default=(), help=text)
    option("--solid", action="store_true", help="fill the inside of the shapes")
    add_resolution(command)
    add_view_options(command, image_size=64)

    command = add_command(commands, meshes)
    add_source_options(command, "folder, zip or tar of .off .obj .glb .gltf .ply .stl")
    add_mesh_options(command)

    command = add_command(commands, modelnet)
    add_source_options(command)
    add_mesh_options(command)
    option = command.add_argument
    option("--version", type=int, default=10, choices=(10, 40), help="10 or 40 (10)")
    option("--url", help="of the archive, in place of the known mirrors")
    option("--sha256", help="checksum of what is at --url")

    command = add_command(commands, volumetric)
    add_source_options(command, "folder, zip or tar of .mat files, …/30/train say")
    add_resolution(command)


def _add_readers_of_pairs(commands) -> None:
    command = add_command(commands, archive)
    option = command.add_argument
    option(
        "--voxels",
        type=path_argument,
        required=True,
        help="zip, tar or folder of .binvox files",
    )
    option(
        "--views",
        type=path_argument,
        required=True,
        help="tar, zip or folder of NAME_001.png …",
    )
    option("--output", type=path_argument, required=True, help="folder for data sets")
    option("--up", choices=("z", "y"), help="axis of the grids that is up (z)")
    text = "where the shapes look in the grids (-y; -z with --up=y; 3D-R2N2's: x)"
    option("--front", choices=AXES, help=text)
    text = "images are of a ring: the first in front, counter-clockwise, 30° up"
    option("--ring", action="store_true", help=text)
    add_channels(command)
    add_selection(command)

    command = add_command(commands, r2n2)
    option = command.add_argument
    text = "ShapeNetVox32.tgz, another tar or zip, or a folder"
    option("--voxels", type=path_argument, required=True, help=text)
    text = "ShapeNetRendering.tgz, another tar or zip, or a folder"
    option("--views", type=path_argument, required=True, help=text)
    option("--output", type=path_argument, required=True, help="folder for data sets")
    text = "ShapeNet.json or a file like it (random splits)"
    option("--split", type=path_argument, help=text)
    option("--seed", type=int, default=0, help="of the splits, without --split")
    add_channels(command)
    add_selection(command)


def _add_derived(commands) -> None:
    command = add_command(commands, deform)
    option = command.add_argument
    option(
        "--packed",
        type=path_argument,
        required=True,
        help="the .npz file, with views, to add to",
    )
    option("--output", type=path_argument, required=True, help="the .npz file to write")
    option("--copies", type=positive, default=4, help="of each shape (4)")
    option("--seed", type=int, default=0, help="of all that is added (0)")
    text = "parametric chairs to add besides, as surfaces (0)"
    option("--procedural", type=positive, default=0, help=text)
    add_cameras(command, own=True)
    text = "take their views from near these cameras, at random"
    option("--jitter", action="store_true", help=text)

    option = add_command(commands, teach).add_argument
    option(
        "--packed", type=path_argument, required=True, help="the .npz file, with views"
    )
    option("--output", type=path_argument, required=True, help="the .npz file to write")
    text = "work directory or exported weights; once for each model"
    option("--model", type=path_argument, required=True, action="append", help=text)
    text = "what their logits are divided by (1.5)"
    option("--temperature", type=float, default=1.5, help=text)
