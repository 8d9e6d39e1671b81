"""Options of `scripts/prepare_data.py` that several of its commands share."""

import argparse
from typing import Any

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.paths import path_argument
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.random_cameras import KINDS, RandomCameras
from vaegan_jax.shapes.voxelize import METHODS


def add_source_options(
    parser: argparse.ArgumentParser, input_help: str | None = None
) -> None:
    """What to read and where to write; input_help None for a command without input."""
    option = parser.add_argument
    default = "" if input_help else " (data/modelnet10_chair or the like)"
    if input_help:
        option("--input", type=path_argument, required=True, help=input_help)
    option(
        "--output",
        type=path_argument,
        required=bool(input_help),
        help=f"for the data set{default}",
    )
    option("--seed", type=int, default=0, help="of the splits, where files have none")
    add_selection(parser)


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Which of the shapes to take."""
    option = parser.add_argument
    option(
        "--category",
        type=names,
        default=(),
        help="take only this one, or several with commas between",
    )
    option("--strict", action="store_true", help="stop at a file that cannot be used")
    option(
        *("--drop_duplicates", "--drop-duplicates"),
        action="store_true",
        help="keep one of identical shapes",
    )


def add_channels(parser: argparse.ArgumentParser) -> None:
    """Whether colour is kept."""
    text = "of the views: 1 for grey, 3 for colour (1)"
    parser.add_argument("--channels", type=int, choices=(1, 3), default=1, help=text)


def add_resolution(parser: argparse.ArgumentParser) -> None:
    """How fine the voxels are."""
    parser.add_argument(
        "--resolution", type=positive, default=32, help="voxels a side (32)"
    )


def add_mesh_options(parser: argparse.ArgumentParser) -> None:
    """What to make of meshes."""
    add_resolution(parser)
    option = parser.add_argument
    option("--solid", action="store_true", help="fill the inside of the shapes")
    option(
        "--method",
        choices=METHODS,
        help="of voxelising (exact, with --solid carve); see docs/voxelizer.md",
    )
    option(
        *("--no-centred", "--no_centred"),
        action="store_true",
        help="shapes start at the low corner of the grid, as in ShapeNet's files",
    )
    option(
        "--oversample",
        type=positive,
        default=4,
        help="fine voxels for each along an axis (4; 1 for ShapeNet's own 128³)",
    )
    option("--up", choices=("z", "y"), help="axis (z; y for .glb and .gltf)")
    option(
        *("--no-views", "--no_views"),
        action="store_true",
        help="voxels only, which --config=gan trains on",
    )
    add_view_options(parser, image_size=224)
    add_channels(parser)


def add_view_options(parser: argparse.ArgumentParser, image_size: int) -> None:
    """What views are made, by default of this size; see `camera_of`."""
    option = parser.add_argument
    text = f"pixels of a view ({image_size})"
    option("--image_size", type=positive, default=image_size, help=text)
    option("--num_views", type=positive, default=12, help="of each shape (12)")
    add_cameras(parser)
    option("--elevation", type=float, help="of the ring, in degrees (30)")
    option(
        "--distance",
        type=float,
        help="of the ring, in diagonals of a shape's bounding box (2.6)",
    )


def add_cameras(parser: argparse.ArgumentParser, own: bool = False) -> None:
    """Where views are taken from; `own`: there may be cameras already."""
    first = "from the shape's own cameras, " if own else ""
    default = "own" if own else "ring"
    text = "a ring, or at random: anywhere, or as 3D-R2N2's renders"
    parser.add_argument(
        "--cameras",
        choices=(*(["own"] if own else []), "ring", *KINDS),
        default=default,
        help=f"views {first}from {text} ({default})",
    )


def selection(given: argparse.Namespace) -> dict[str, Any]:
    """What `add_selection` gave."""
    return {
        "categories": given.category,
        "strict": given.strict,
        "drop_duplicates": given.drop_duplicates,
    }


def source_settings(given: argparse.Namespace) -> dict[str, Any]:
    """The settings of a `ShapesConfig` that options gave."""
    return {**selection(given), "seed": given.seed}


def mesh_settings(given: argparse.Namespace) -> dict[str, Any]:
    """The settings of a `MeshFolderConfig` that options gave."""
    return {
        **source_settings(given),
        "resolution": given.resolution,
        "solid": given.solid,
        "method": given.method,
        "centred": not given.no_centred,
        "oversample": given.oversample,
        "up": given.up,
        "camera": None if given.no_views else camera_of(given),
        "image_size": given.image_size,
        "channels": given.channels,
    }


def camera_of(given: argparse.Namespace) -> Camera | RandomCameras:
    """The cameras that the options of `add_view_options` gave."""
    ring = {
        name: value
        for name, value in (
            ("elevation_degrees", given.elevation),
            ("distance", given.distance),
        )
        if value is not None
    }
    if given.cameras == "ring":
        return Camera(given.num_views, **ring)
    if ring:
        raise UserError(
            f"--elevation and --distance are of a ring, not of --cameras="
            f"{given.cameras}; leave them out"
        )
    return RandomCameras(given.cameras, given.num_views)


def names(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(filter(None, map(str.strip, text.split(","))))


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 up")
    return int(text)
