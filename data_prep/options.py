"""Options of `scripts/prepare_data.py` that several of its commands share."""

import argparse
from typing import Any

from vaegan_jax.shapes import Camera

_CAMERA = Camera()


def add_source_options(
    parser: argparse.ArgumentParser, input_help: str | None = None
) -> None:
    """What to read and where to write; input_help None for a command without input."""
    option = parser.add_argument
    default = "" if input_help else " (data/modelnet10_chair or the like)"
    if input_help:
        option("--input", required=True, help=input_help)
    option("--output", required=bool(input_help), help=f"for the data set{default}")
    option(
        "--category",
        type=lambda text: tuple(part for part in text.split(",") if part),
        default=(),
        help="take only this one, or several with commas between",
    )
    option("--seed", type=int, default=0, help="of the splits, where files have none")
    option("--strict", action="store_true", help="stop at a file that cannot be used")
    add_drop_duplicates(parser)


def add_drop_duplicates(parser: argparse.ArgumentParser) -> None:
    """What to do with identical shapes."""
    parser.add_argument(
        *("--drop_duplicates", "--drop-duplicates"),
        action="store_true",
        help="keep one of identical shapes",
    )


def add_resolution(parser: argparse.ArgumentParser) -> None:
    """How fine the voxels are."""
    parser.add_argument(
        "--resolution", type=_positive, default=32, help="voxels a side (32)"
    )


def add_mesh_options(parser: argparse.ArgumentParser) -> None:
    """What to make of meshes."""
    add_resolution(parser)
    option = parser.add_argument
    option("--solid", action="store_true", help="fill the inside of the shapes")
    option("--up", choices=("z", "y"), help="axis (z; y for .glb and .gltf)")
    option(
        *("--no-views", "--no_views"),
        action="store_true",
        help="voxels only, which configs/gan.py trains on",
    )
    option("--image_size", type=_positive, default=224, help="pixels of a view (224)")
    option("--num_views", type=_positive, default=12, help="at equal steps (12)")
    option("--elevation", type=float, default=_CAMERA.elevation_degrees, help="degrees")
    option(
        "--distance",
        type=float,
        default=_CAMERA.distance,
        help="of the camera, in diagonals of a shape's bounding box (2.6)",
    )


def source_settings(given: argparse.Namespace) -> dict[str, Any]:
    """The settings of a `ShapesConfig` that options gave."""
    names = ("seed", "strict", "drop_duplicates")
    return {
        "categories": given.category,
        **{name: getattr(given, name) for name in names},
    }


def mesh_settings(given: argparse.Namespace) -> dict[str, Any]:
    """The settings of a `MeshFolderConfig` that options gave."""
    camera = Camera(given.num_views, given.elevation, given.distance)
    return {
        **source_settings(given),
        "resolution": given.resolution,
        "solid": given.solid,
        "up": given.up,
        "camera": None if given.no_views else camera,
        "image_size": given.image_size,
    }


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 up")
    return number
