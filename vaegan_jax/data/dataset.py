"""A split of a prepared data set in memory, and the order in which training reads it.

A data set is either a directory written by TensorFlow Datasets or one packed file; both
give the same `Examples`, and batches in the same order. The order is a function of the
seed and the step alone, so a run resumes anywhere without replaying what it has read.
"""

import dataclasses
import functools
import math
import os
import pathlib
from collections.abc import Iterator

import jax
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Int, UInt8

from vaegan_jax.config.checks import RESOLUTIONS
from vaegan_jax.distributed.sharding import by_batch, place, process_rows
from vaegan_jax.errors import UserError
from vaegan_jax.runtime.paths import expand

# Keeps the draws of view subsets apart from those of the epochs' shuffles.
_SHUFFLE, _VIEWS = 0, 1

_IMAGE_STEP = 32  # the default encoder halves images five times


@dataclasses.dataclass(frozen=True)
class Examples:
    """Shapes and their views, decoded, in host memory.

    Attributes:
      names: of the shapes.
      voxels: occupancy, 0 or 1; z up, front towards -y.
      views: grey images on white, of the same azimuths for every shape.
      categories: of the shapes; empty if the data set does not tell.
      targets: probabilities, in 255ths, that reconstruction aims at in place of the
        voxels; None if it aims at these.
    """

    names: list[str]
    voxels: UInt8[np.ndarray, "n x y z"]
    views: UInt8[np.ndarray, "n v h w c"]
    categories: list[str] = dataclasses.field(default_factory=list)
    targets: UInt8[np.ndarray, "n x y z"] | None = None

    def __len__(self) -> int:
        return len(self.names)


def no_views(count: int) -> UInt8[np.ndarray, "n v h w c"]:
    """The views of examples that were read without them."""
    return np.zeros((count, 0, 0, 0, 1), np.uint8)


def existing(path: str | pathlib.Path) -> pathlib.Path:
    """The path of a data set; raises a `UserError` if there is nothing."""
    path = pathlib.Path(expand(os.fspath(path)))
    if not path.exists():
        raise UserError(
            f"{path} does not exist; make a data set with scripts/prepare_data.py"
        )
    return path


def missing_views(path: str | pathlib.Path) -> str:
    """What to say to those who want the views of a data set without any."""
    return (
        f"{path} holds voxels without views, which vae_gan and mv_vae_gan learn from: "
        "make the data set from meshes with scripts/prepare_data.py meshes, without "
        "--no-views, or train configs/gan.py on this one"
    )


def open_split(
    path: str | pathlib.Path,
    split: str,
    resolution: int,
    image_size: int | None,
    with_targets: bool = False,
) -> Examples:
    """Reads one split of a prepared data set into memory.

    Args:
      path: a packed `.npz` file, or a TensorFlow Datasets directory (or a parent that
        holds just one).
      split: its name.
      resolution: what the voxel grids must have.
      image_size: pixels; larger stored views are reduced to it. None reads no views.
      with_targets: read those of a packed file that has some.

    Raises:
      UserError: the path, split, resolution or image size does not fit.
    """
    path = existing(path)
    if path.is_file():
        from vaegan_jax.data import packed_source

        with_views = image_size is not None
        examples = packed_source.read_split(path, split, with_views, with_targets)
    else:
        from vaegan_jax.data import tfds_source

        examples = tfds_source.read_split(path, split, image_size)
    side, pixels = examples.voxels.shape[-1], examples.views.shape[-2]
    if side != resolution:
        setting = f"set it to {side} or " if side in RESOLUTIONS else ""
        raise UserError(
            f"{path} holds grids of {side}³ but config.model.resolution is "
            f"{resolution}; {setting}prepare the data at {resolution}"
        )
    if image_size is not None and examples.views.shape[2:] != (pixels, pixels, 1):
        height, width, channels = examples.views.shape[2:]
        raise UserError(
            f"{path} holds views of {height} × {width} × {channels}; they must be "
            "square and grey, so make them again"
        )
    if image_size is not None and pixels != image_size:
        setting = f"set it to {pixels} or " if pixels % _IMAGE_STEP == 0 else ""
        raise UserError(
            f"{path} holds views of {pixels} pixels but config.model.image_size is "
            f"{image_size}; {setting}prepare views of {image_size}"
        )
    return examples


def batch_indices(
    step: int, batch_size: int, count: int, seed: int
) -> Int[np.ndarray, " b"]:
    """Which examples make up the batch of a step.

    Epochs follow each other without a gap: a batch may hold the end of one and the
    beginning of the next, so every example is seen exactly once per epoch.
    """
    positions = step * batch_size + np.arange(batch_size)
    epochs, places = np.divmod(positions, count)
    indices = np.empty(batch_size, np.int64)
    for epoch in np.unique(epochs):
        order = _epoch_order(int(epoch), count, seed)
        indices[epochs == epoch] = order[places[epochs == epoch]]
    return indices


@functools.lru_cache(maxsize=2)
def _epoch_order(epoch: int, count: int, seed: int) -> Int[np.ndarray, " n"]:
    """Kept for all steps of an epoch, for a GPU's step may take little longer."""
    return np.random.default_rng([seed, _SHUFFLE, epoch]).permutation(count)


def view_indices(
    step: int,
    batch_size: int,
    stored: int,
    chosen: int,
    seed: int,
    in_order: bool = False,
) -> Int[np.ndarray, "b v"]:
    """Which of the stored views of each example a step encodes, in random order.

    They are drawn for each example anew, without replacement. The order matters even of
    all of them, because the views at one place make a batch of their own for BatchNorm:
    if that were always one azimuth, E would come to rely on statistics of azimuths,
    where evaluation has one set for all. `in_order` is for an encoder that is told the
    azimuths: the first views, as they are stored.
    """
    if in_order:
        return np.tile(np.arange(chosen), (batch_size, 1))
    draws = np.random.default_rng([seed, _VIEWS, step]).random((batch_size, stored))
    return draws.argsort(axis=1)[:, :chosen]


def index_stream(
    examples: Examples,
    batch_size: int,
    num_views: int,
    seed: int,
    start_step: int,
    rows: slice = slice(None),
    in_order: bool = False,
) -> Iterator[tuple[Int[np.ndarray, " b"], Int[np.ndarray, "b v"]]]:
    """Example and view indices of every step from `start_step` on, without end.

    Of each batch only the `rows` that this process reads. Views `in_order`: see
    `view_indices`.
    """
    stored, step = examples.views.shape[1], start_step
    while True:
        index = batch_indices(step, batch_size, len(examples), seed)
        chosen = view_indices(step, batch_size, stored, num_views, seed, in_order)
        yield index[rows], chosen[rows]
        step += 1


def training_batches(
    path: str | pathlib.Path,
    examples: Examples,
    batch_size: int,
    num_views: int,
    seed: int,
    start_step: int,
    mesh: Mesh,
    in_order: bool = False,
) -> Iterator[dict[str, jax.Array]]:
    """Batches on the devices from `start_step` on, the order that of `index_stream`.

    Args:
      path: of the data set, of which `examples` are a split.
      examples: all of the split, in every process.
      batch_size: a multiple of the number of devices.
      num_views: of each shape; 0 yields none.
      seed: of the order.
      start_step: the first.
      mesh: the devices that share the batch.
      in_order: whether views come as they are stored, see `view_indices`.

    Yields:
      uint8 `voxels` (b, x, y, z) and `views` (b, v, h, w, c), and `targets` like the
      voxels if the examples have them.
    """
    arguments = (examples, batch_size, num_views, seed, start_step)
    if pathlib.Path(path).is_file():
        from vaegan_jax.data import packed_source

        return packed_source.device_batches(*arguments, mesh, in_order)
    from vaegan_jax.data import tfds_source

    rows = process_rows(batch_size, mesh)
    batches = tfds_source.stream_batches(*arguments, rows, in_order)
    return (place(batch, by_batch(mesh)) for batch in batches)


def check_views(examples: Examples, num_views: int, azimuths: int) -> None:
    """Raises a `UserError` unless a training step can have its views.

    An encoder that tells `azimuths` apart needs all that are stored.
    """
    stored = examples.views.shape[1]
    if azimuths and azimuths != stored:
        raise UserError(
            f"config.model.azimuths is {azimuths} but the data set stores {stored} "
            f"views of each shape, each of one azimuth; set config.model.azimuths and "
            f"config.data.num_views to {stored}, or model.azimuths to 0"
        )
    if num_views > stored:
        raise UserError(
            f"config.data.num_views is {num_views} but the data set stores {stored} "
            f"views of each shape; it must be at most {stored}"
        )


def evaluation_batches(
    examples: Examples, batch_size: int
) -> Iterator[tuple[Examples, np.ndarray]]:
    """Every example once, in order, in batches of one size.

    Yields:
      A batch, its last examples repeated if need be to fill it, and a mask (b,) that is
      True for the examples that count.
    """
    count = len(examples)
    for i in range(math.ceil(count / batch_size)):
        wanted = np.arange(i * batch_size, (i + 1) * batch_size)
        mask = wanted < count
        index = np.minimum(wanted, count - 1)
        batch = Examples(
            [examples.names[j] for j in index],
            examples.voxels[index],
            examples.views[index],
        )
        yield batch, mask
