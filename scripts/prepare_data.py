"""Makes data sets.

python scripts/prepare_data.py procedural
python scripts/prepare_data.py meshes --input=ZIP --category=chair --output=DIR
python scripts/prepare_data.py volumetric --input=DIR --output=DIR
python scripts/prepare_data.py archive --voxels=ZIP --views=TAR --output=DIR
python scripts/prepare_data.py inspect --data_dir=DIR
python scripts/prepare_data.py pack --data_dir=DIR --output=FILE.npz
"""

import argparse
import logging
import os
import pathlib
import sys

from vaegan_jax.errors import UserError

# TensorFlow only reads and writes records here, and should not chat about it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def procedural(given: argparse.Namespace) -> str:
    """Makes parametric chairs: nothing is downloaded."""
    from data_prep.prepare import prepare_procedural

    return str(prepare_procedural(given.output, given.resolution, given.image_size))


def meshes(given: argparse.Namespace) -> str:
    """Makes voxels and views from a folder, zip or tar of meshes."""
    from data_prep.options import mesh_settings
    from data_prep.prepare import prepare_meshes

    return _told(prepare_meshes(given.input, given.output, **mesh_settings(given)))


def volumetric(given: argparse.Namespace) -> str:
    """Reads 3D ShapeNets' volumetric_data: .mat files, 12 rotations of each shape."""
    from data_prep.options import source_settings
    from data_prep.prepare import prepare_volumetric

    settings = source_settings(given) | {"resolution": given.resolution}
    return _told(prepare_volumetric(given.input, given.output, **settings))


def archive(given: argparse.Namespace) -> str:
    """Pairs binvox grids with view images, by name."""
    from data_prep.prepare import prepare_archive

    target = prepare_archive(given.voxels, given.views, given.output, given.category)
    return _told(target, "pairing.txt")


def pack(given: argparse.Namespace) -> str:
    """Writes a data set as one file that training keeps on the device."""
    from vaegan_jax.packed_data import pack

    pack(given.data_dir, given.output, given.image_size)
    return given.output


def inspect(given: argparse.Namespace) -> str:
    """Tells what a data set holds, and draws some of it."""
    from vaegan_jax.inspection import inspect

    return inspect(given.data_dir, given.picture, given.shapes)


def _told(target: pathlib.Path, report: str = "report.txt") -> str:
    return (target / report).read_text("utf-8") + str(target)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    from data_prep.options import add_mesh_options, add_resolution, add_source_options

    parser = argparse.ArgumentParser(description="Makes data sets.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(function):
        command = commands.add_parser(function.__name__, help=function.__doc__)
        command.set_defaults(function=function)
        return command

    option = add(procedural).add_argument
    option("--output", help="folder for data sets (default: the cache)")
    option("--resolution", type=int, default=32, help="voxels a side: 32 or 64")
    option("--image_size", type=int, default=64, help="pixels: 64, 128 or 224")
    command = add(meshes)
    add_source_options(command, "folder, zip or tar of .off .obj .glb .gltf .ply .stl")
    add_mesh_options(command)
    command = add(volumetric)
    add_source_options(command, "folder, zip or tar of .mat files, …/30/train say")
    add_resolution(command)
    option = add(archive).add_argument
    option("--voxels", required=True, help="zip, tar or folder of .binvox files")
    option("--views", required=True, help="tar, zip or folder of NAME_001.png …")
    option("--output", required=True, help="folder for data sets")
    option("--category", help="take only this category")
    option = add(pack).add_argument
    option("--data_dir", required=True, help="directory of a prepared data set")
    option("--output", required=True, help="the .npz file to write")
    option("--image_size", type=int, default=64, help="larger views are reduced to it")
    option = add(inspect).add_argument
    option("--data_dir", required=True, help="prepared data set, or a packed file")
    option("--picture", help="the contact sheet to draw (DIR/contact_sheet.png)")
    option("--shapes", type=int, default=12, help="how many it shows (12)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    for name in ("absl", "tensorflow"):  # TFDS's announcements, TensorFlow's advice
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        given = parse(arguments)
        print(given.function(given))
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nerror: interrupted; run the same command again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
