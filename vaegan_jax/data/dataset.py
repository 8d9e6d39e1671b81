"""Opens a prepared data set, whichever source it has.

It is either a directory written by TensorFlow Datasets or one packed file; both give
the same `Examples`, and batches in the same order.
"""

import dataclasses
import functools
import os
import pathlib
from collections.abc import Iterator

import jax
import numpy as np
from jax.sharding import Mesh
from jaxtyping import UInt8

from vaegan_jax.config.checks import RESOLUTIONS
from vaegan_jax.data import packed_source
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.streaming import host_batches
from vaegan_jax.distributed import multihost
from vaegan_jax.distributed.sharding import by_batch, place, process_rows
from vaegan_jax.errors import UserError
from vaegan_jax.runtime.memory import free_memory
from vaegan_jax.runtime.paths import expand
from vaegan_jax.runtime.stored import mapped
from vaegan_jax.shapes.colours import MODES, luma
from vaegan_jax.shapes.pictures.area_means import area_means

_IMAGE_STEP = 32  # the default encoder halves images five times
# A split is in memory twice while it is divided, and on a CPU again as the device's.
_COPIES = 4
_DEVICE_SHARE = 2  # half of a device's memory is the step's


def existing(path: str | pathlib.Path) -> pathlib.Path:
    """The path of a data set; raises a `UserError` if there is nothing."""
    path = pathlib.Path(expand(os.fspath(path)))
    if not path.exists():
        raise UserError(
            f"{path} does not exist; make a data set with vaegan prepare-data"
        )
    return path


def open_split(
    path: str | pathlib.Path,
    split: str,
    resolution: int,
    image_size: int | None,
    with_targets: bool = False,
    channels: int | None = 1,
    in_memory: bool | None = None,
) -> Examples:
    """Opens one split of a prepared data set.

    It is read into memory, unless it is in a packed file and would take more than a
    quarter of what memory is free: then it stays there, see `Examples`.

    Args:
      path: a packed `.npz` file, or a TensorFlow Datasets directory (or a parent that
        holds just one).
      split: its name.
      resolution: what the voxel grids must have.
      image_size: pixels; larger stored views are reduced to it. None reads no views.
      with_targets: read those of a packed file that has some.
      channels: of the views, 1 or 3. Stored views in colour become grey (`luma`) if
        that is wanted, grey ones never colour. None: as they are stored.
      in_memory: whether to read all of a packed file's; None leaves it to its size.

    Raises:
      UserError: the path, split, resolution, image size or channels do not fit, or a
        directory takes more memory than is free.
    """
    path = existing(path)
    if not path.is_file() and in_memory is False:
        raise UserError(
            f"config.data.in_memory is False but {path} is a directory, which is "
            "decoded into memory; pack it (vaegan prepare-data pack) and name that file"
        )
    if path.is_file():
        with_views = image_size is not None
        examples = packed_source.open_split(path, split, with_views, with_targets)
    else:
        from vaegan_jax.data import tfds_source

        examples = tfds_source.read_split(path, split, image_size)
    if image_size is not None:
        _check_views(path, examples, channels)
        # In the order of a directory's: what is rounded twice depends on it.
        examples = _with_channels(_reduced(examples, image_size), channels)
    _check_sizes(path, examples, resolution, image_size)
    if in_memory is None:
        in_memory = examples.nbytes * _COPIES <= free_memory()
    return examples.read() if in_memory else examples


def _reduced(examples: Examples, image_size: int) -> Examples:
    """With views of this size, if those in a packed file are larger."""
    if examples.views.shape[2] <= image_size:
        return examples
    reduce = functools.partial(area_means, size=image_size)
    return dataclasses.replace(examples, views=mapped(examples.views, reduce))


def _check_sizes(
    path: pathlib.Path, examples: Examples, resolution: int, image_size: int | None
) -> None:
    """Raises a `UserError` unless a model can take the examples."""
    side, pixels = examples.voxels.shape[-1], examples.views.shape[-2]
    if side != resolution:
        setting = f"set it to {side} or " if side in RESOLUTIONS else ""
        raise UserError(
            f"{path} holds grids of {side}³ but config.model.resolution is "
            f"{resolution}; {setting}prepare the data at {resolution}"
        )
    if image_size is not None and pixels != image_size:
        setting = f"set it to {pixels} or " if pixels % _IMAGE_STEP == 0 else ""
        raise UserError(
            f"{path} holds views of {pixels} pixels but config.model.image_size is "
            f"{image_size}; {setting}prepare views of {image_size}"
        )


def _check_views(path: pathlib.Path, examples: Examples, channels: int | None) -> None:
    """Raises a `UserError` unless views are square and can have so many channels."""
    height, width, stored = examples.views.shape[2:]
    if height != width or stored not in MODES:
        raise UserError(
            f"{path} holds views of {height} × {width} × {stored}; they must be "
            "square and grey or of three channels, so make them again"
        )
    if stored < (channels or 0):
        raise UserError(
            f"{path} holds views of 1 channel, grey, but config.model.image_channels "
            f"is {channels}; set it to 1 or name a data set made with --channels=3"
        )


def _with_channels(examples: Examples, channels: int | None) -> Examples:
    """Examples whose views have so many channels, which may be fewer."""
    if channels in (None, examples.views.shape[-1]):
        return examples
    return dataclasses.replace(examples, views=mapped(examples.views, _grey))


def _grey(views: UInt8[np.ndarray, "*n h w 3"]) -> UInt8[np.ndarray, "*n h w 1"]:
    return luma(views)[..., None]


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

    What is in memory, of a packed file, and small beside each device's is moved there
    once; of all else the host gathers the batches.

    Args:
      path: of the data set, of which `examples` are a split.
      examples: of the split, the same in every process.
      batch_size: a multiple of the number of devices.
      num_views: of each shape; 0 yields none.
      seed: of the order.
      start_step: the first.
      mesh: the devices that share the batch.
      in_order: whether views come as they are stored, see `view_indices`.

    Yields:
      uint8 `voxels` (b, x, y, z) and `views` (b, v, h, w, c); `targets` like the voxels
      and `cameras` (b, v, 4) of the views if the examples have them.
    """
    arguments = (examples, batch_size, num_views, seed, start_step)
    rows, packed = process_rows(batch_size, mesh), pathlib.Path(path).is_file()
    if packed and multihost.in_all(examples.in_memory and _fits_device(examples)):
        return packed_source.device_batches(*arguments, mesh, in_order)
    if packed:
        batches = host_batches(*arguments, rows, in_order)
    else:
        from vaegan_jax.data import tfds_source

        batches = tfds_source.stream_batches(*arguments, rows, in_order)
    return (place(batch, by_batch(mesh)) for batch in batches)


def _fits_device(examples: Examples) -> bool:
    """Whether all of it leaves a device enough memory; a CPU's is the host's."""
    facts = jax.local_devices()[0].memory_stats() or {}
    limit = facts.get("bytes_limit")
    return limit is None or examples.nbytes * _DEVICE_SHARE <= limit


def check_views(
    examples: Examples,
    num_views: int,
    azimuths: int,
    heads: bool = True,
    refiner: bool = False,
) -> None:
    """Raises a `UserError` unless a training step can have its views.

    An encoder that tells `azimuths` apart needs views of known cameras; one with
    `heads` for each needs all that are stored, in the order of their azimuths. A
    refiner needs views of known cameras.
    """
    stored = examples.views.shape[1]
    telling = azimuths > 0 and not heads
    known = examples.cameras is not None and np.isfinite(examples.cameras).any()
    for needed, field, otherwise in (
        (telling, "azimuths", "0"),
        (refiner, "refiner", "'none'"),
    ):
        if needed and not known:
            raise UserError(
                f"config.model.{field} needs views of known cameras, but the data set "
                "tells of none; give one that does or, unless "
                f"config.train.initial_model has it, set it to {otherwise}"
            )
    if telling:
        azimuths = 0
    if azimuths and azimuths != stored:
        raise UserError(
            f"config.model.azimuths is {azimuths} but the data set stores {stored} "
            f"views of each shape, each of one azimuth; set config.model.azimuths and "
            f"config.data.num_views to {stored}, or model.azimuths to 0"
        )
    if azimuths and not _in_turn(examples):
        raise UserError(
            "heads of config.model.azimuths need the views of every shape from a ring "
            "that begins in front and goes round counter-clockwise, but the data set's "
            "cameras are elsewhere; set model.azimuth_heads to False, or azimuths to 0"
        )
    if num_views > stored:
        raise UserError(
            f"config.data.num_views is {num_views} but the data set stores {stored} "
            f"views of each shape; it must be at most {stored}"
        )


def _in_turn(examples: Examples) -> bool:
    """Whether view number i of n is nearer to azimuth i · 360° / n than to the next.

    True where cameras are not known.
    """
    if examples.cameras is None:
        return True
    azimuths = np.deg2rad(examples.cameras[..., 0])
    azimuths = azimuths[np.isfinite(azimuths).all(1)]
    if not len(azimuths):
        return True
    step = 2 * np.pi / azimuths.shape[1]
    beside = np.angle(np.exp(1j * (azimuths - step * np.arange(azimuths.shape[1]))))
    return bool((np.abs(beside) <= 0.51 * step).all())  # jittered views: to half a step
