"""The tf.data pipeline: decodes a TensorFlow Datasets directory once, then streams it.

The only module of the library that imports TensorFlow.
"""

import contextlib
import functools
import itertools
import json
import math
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf import json_format

from vaegan_jax.data.examples import Examples, Stored, missing_views, no_views
from vaegan_jax.data.order import index_stream
from vaegan_jax.data.provenance import find_directory, read_provenance
from vaegan_jax.data.view_cameras import (
    checked_cameras,
    known_scales,
    recorded_cameras,
)
from vaegan_jax.errors import UserError
from vaegan_jax.runtime.memory import free_memory, readable
from vaegan_jax.runtime.stored import Streamed, rows_at_once

# TensorFlow would otherwise claim the memory of the GPUs that JAX computes on.
tf.config.set_visible_devices([], "GPU")

_LABELS, _LARGE = ("name", "category", "cameras", "scale"), ("voxels", "views")
_AHEAD = 16  # examples; as many as it likes might be half of the memory
_FEATURES = "tensorflow_datasets.core.features."

# What TFDS raises for files that are missing, cut or garbled.
_DAMAGED = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError),
    *(json_format.Error, tf.errors.OpError),
)


def open_builder(path: pathlib.Path) -> tfds.core.DatasetBuilder:
    """The data set in a directory, or in the only data set directory below it.

    Raises:
      UserError: there is none, more than one, or it is damaged.
    """
    directory = find_directory(path)
    with _reading(directory):
        _check_features(directory)
        return tfds.builder_from_directory(directory)


def _check_features(directory: pathlib.Path) -> None:
    """Raises ValueError if `features.json` names a class that is not one of TFDS's.

    TFDS would import whatever module it names.
    """

    def check(fields: dict) -> dict:
        name = fields.get("pythonClassName") or fields.get("type") or _FEATURES
        if not str(name).startswith(_FEATURES):
            raise ValueError(f"it names the class {name}")
        return fields

    content = (directory / "features.json").read_text("utf-8")
    json.loads(content, object_hook=check)


def read_split(
    path: pathlib.Path, split: str, image_size: int | None, count: int | None = None
) -> Examples:
    """Decodes a split, and reduces its views to `image_size` if they are larger.

    With image size None the views are not even decoded; with a count, only that many
    examples are.

    Raises:
      UserError: there is no such split or views, they are damaged, or take more memory
        than is free.
    """
    builder = _builder_of(path, split, image_size)
    _check_memory(path, builder, split, image_size, count)
    fields = (*_LABELS, "voxels") if image_size is None else (*_LABELS, *_LARGE)
    number = -1 if count is None else count  # as tf.data has it: all
    decoded = list(_decoded(path, builder, split, image_size, fields, number))
    stack = lambda field: np.stack([example[field] for example in decoded])  # noqa: E731
    views = no_views(len(decoded)) if image_size is None else stack("views")
    return _examples(path, decoded, stack("voxels"), views)


def stream_split(
    path: pathlib.Path,
    split: str,
    image_size: int | None,
    watch: Callable[[Iterable], Iterable] = iter,
) -> Examples:
    """As `read_split`, of a split of any size: voxels and views are `Streamed`.

    `watch` iterates over the examples while the larger of the two are decoded, and may
    tell how far that has come.
    """
    builder = _builder_of(path, split, image_size)
    decode = functools.partial(_decoded, path, builder, split, image_size)
    labels, first = list(decode(_LABELS)), next(decode(_LARGE, count=1), None)
    if first is None:
        raise UserError(f"{path} has no shape in its split {split!r}; make it again")

    def streamed(field: str, watch: Callable = iter) -> Streamed:
        like = first[field]
        parts = _stacked(lambda: watch(decode((field,))), field, like.nbytes)
        return Streamed((len(labels), *like.shape), like.dtype, parts)

    if image_size is None:
        voxels, views = streamed("voxels", watch), no_views(len(labels))
    else:
        voxels, views = streamed("voxels"), streamed("views", watch)
    return _examples(path, labels, voxels, views)


def _stacked(
    records: Callable[[], Iterable[dict]], field: str, nbytes: int
) -> Iterator[np.ndarray]:
    """Some megabytes of a field at a time; nothing happens before the first."""
    left = iter(records())
    while some := list(itertools.islice(left, rows_at_once(nbytes))):
        yield np.stack([record[field] for record in some])


def _builder_of(
    path: pathlib.Path, split: str, image_size: int | None
) -> tfds.core.DatasetBuilder:
    """The data set, which must have the split, and views if their size is given."""
    builder = open_builder(path)
    if image_size is not None and "views" not in builder.info.features:
        raise UserError(missing_views(path))
    if split not in builder.info.splits:
        available = ", ".join(sorted(builder.info.splits))
        raise UserError(f"{path} has no split {split!r}; it has {available}")
    return builder


def _check_memory(
    path: pathlib.Path,
    builder: tfds.core.DatasetBuilder,
    split: str,
    image_size: int | None,
    count: int | None,
) -> None:
    """Raises a `UserError` if a split takes more memory to decode than is free."""
    facts = builder.info
    shapes = [facts.features["voxels"].shape]
    if image_size is not None:
        views, *sides, channels = facts.features["views"].shape
        sides = [min(side or image_size, image_size) for side in sides]
        shapes.append((views or 1, *sides, channels))
    number = facts.splits[split].num_examples
    number = number if count is None else min(count, number)
    # Decoded one by one, and then put together; later divided, and TensorFlow's.
    needed, free = 2 * number * sum(map(math.prod, shapes)), free_memory()
    if needed > free:
        size = "" if image_size is None else f" --image_size={image_size}"
        raise UserError(
            f"the {number} shapes of {path}, {split}, take {readable(needed)} of "
            f"memory to decode, and {readable(free)} are free; pack them (vaegan "
            f"prepare-data pack --data_dir={path} --output=FILE.npz{size}) and name "
            "the packed file, which need not fit"
        )


def _decoded(
    path: pathlib.Path,
    builder: tfds.core.DatasetBuilder,
    split: str,
    image_size: int | None,
    fields: Sequence[str],
    count: int = -1,
) -> Iterator[dict[str, Any]]:
    """These fields of each example, as far as there are such; others take no time.

    Views are reduced to `image_size` if they are larger, or left out if it is None.
    """
    found = set(builder.info.features)
    wanted = found.intersection(fields) - ({"views"} if image_size is None else set())

    def decode(example):
        kept = {field: example[field] for field in wanted}
        if "views" not in kept:
            return kept
        views = kept["views"]
        if views.shape[-2] is not None and views.shape[-2] > image_size:
            reduced = tf.image.resize(views, (image_size, image_size), method="area")
            views = tf.cast(tf.round(reduced), tf.uint8)
        return kept | {"views": views}

    skipped = found.intersection(_LARGE) - wanted
    records = builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders={field: tfds.decode.SkipDecoding() for field in skipped} or None,
        # It would keep what is gone through but once.
        read_config=tfds.ReadConfig(try_autocache=False),
    )
    records = records.take(count).map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    with _reading(path):
        yield from records.prefetch(_AHEAD).as_numpy_iterator()


def _examples(
    path: pathlib.Path, labels: list[dict[str, Any]], voxels: Stored, views: Stored
) -> Examples:
    names = [label["name"].decode() for label in labels]
    cameras = None
    if views.shape[1] and "cameras" in labels[0]:
        with _reading(path):
            cameras = checked_cameras(np.stack([label["cameras"] for label in labels]))
    elif views.shape[1]:
        cameras = recorded_cameras(read_provenance(path), names, views.shape[1])
    scales = np.array([label.get("scale", np.nan) for label in labels], np.float32)
    with _reading(path):
        scales = known_scales(scales, len(labels))
    return Examples(
        names,
        voxels,
        views,
        [label["category"].decode() for label in labels if "category" in label],
        cameras=cameras,
        scales=scales,
    )


@contextlib.contextmanager
def _reading(path: pathlib.Path):
    try:
        yield
    except (PermissionError, tf.errors.PermissionDeniedError) as error:
        raise UserError(
            f"the data set in {path} may not be read by this user; change its "
            "permissions or make one of your own"
        ) from error
    except _DAMAGED as error:
        raise UserError(
            f"the data set in {path} is damaged; delete it and make it again with "
            "vaegan prepare-data"
        ) from error


def stream_batches(
    examples: Examples,
    batch_size: int,
    num_views: int,
    seed: int,
    start_step: int,
    rows: slice = slice(None),
    in_order: bool = False,
) -> Iterator[dict[str, np.ndarray]]:
    """Training batches from `start_step` on, prepared ahead by tf.data's threads.

    Yields:
      The `rows` of each batch: uint8 `voxels` (b, x, y, z), unless `num_views` is 0
      `views` (b, v, h, w, c); `targets` like the voxels and `cameras` (b, v, 4) of
      the views if the examples have them.
    """
    voxels = tf.constant(examples.voxels)
    of_views = {"views": examples.views, "cameras": examples.cameras}
    of_views = {
        name: tf.constant(stored)
        for name, stored in of_views.items()
        if num_views and stored is not None
    }
    targets = None if examples.targets is None else tf.constant(examples.targets)

    def gather(index, chosen):
        batch = {"voxels": tf.gather(voxels, index)}
        if targets is not None:
            batch["targets"] = tf.gather(targets, index)
        places = tf.broadcast_to(index[:, None], tf.shape(chosen))
        for name, stored in of_views.items():
            batch[name] = tf.gather_nd(stored, tf.stack([places, chosen], -1))
        return batch

    indices = tf.data.Dataset.from_generator(
        lambda: index_stream(
            examples, batch_size, num_views, seed, start_step, rows, in_order
        ),
        output_signature=(
            tf.TensorSpec((None,), tf.int64),
            tf.TensorSpec((None, num_views), tf.int64),
        ),
    )
    batches = indices.map(gather, num_parallel_calls=2, deterministic=True)
    return batches.prefetch(4).as_numpy_iterator()
