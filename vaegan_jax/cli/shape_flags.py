"""The flags of all commands that load a model and write shapes."""

from absl import flags

from vaegan_jax.cli import model_flags
from vaegan_jax.inference.shape_files import FORMATS, ShapeWriter

flags.disclaim_key_flags()  # --help lists them as those of the command


def define(formats: str) -> None:
    """Defines --workdir, --checkpoint, --format, --threshold, --smooth, --min_part."""
    model_flags.define()
    flags.DEFINE_list("format", formats, f"Of the files: {', '.join(FORMATS)}.")
    flags.DEFINE_float(
        "threshold",
        ShapeWriter.threshold,
        "Occupancy from which a voxel is filled; default: of each shape that for which "
        "its IoU is expected to be highest.",
    )
    flags.DEFINE_integer("smooth", 0, "Rounds of smoothing of the meshes; 10 is much.")
    flags.DEFINE_integer("min_part", 0, "Remove parts of fewer voxels than this.")


def writer() -> ShapeWriter:
    """What the flags ask for."""
    values = flags.FLAGS
    return ShapeWriter(
        tuple(values.format), values.threshold, values.smooth, values.min_part
    )
