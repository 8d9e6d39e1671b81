"""The tf.data pipeline: decodes a TensorFlow Datasets directory once, then streams it.

The only module of the library that imports TensorFlow.
"""

import contextlib
import json
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf import json_format

from vaegan_jax.data.examples import Examples, missing_views, no_views
from vaegan_jax.data.order import index_stream
from vaegan_jax.data.provenance import find_directory, read_provenance
from vaegan_jax.data.view_cameras import known_scales, recorded_cameras
from vaegan_jax.errors import UserError

# TensorFlow would otherwise claim the memory of the GPUs that JAX computes on.
tf.config.set_visible_devices([], "GPU")

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
    path: pathlib.Path,
    split: str,
    image_size: int | None,
    count: int | None = None,
    watch: Callable[[Iterable], Iterable] = iter,
) -> Examples:
    """Decodes a split, and reduces its views to `image_size` if they are larger.

    With image size None the views are not even decoded; with a count, only that many
    examples are. `watch` iterates over them, and may tell how far that has come.
    """
    builder = open_builder(path)
    has_views = "views" in builder.info.features
    kept_fields = [
        field
        for field in ("name", "voxels", "category", "cameras", "scale")
        if field in builder.info.features
    ]
    if image_size is not None and not has_views:
        raise UserError(missing_views(path))
    if split not in builder.info.splits:
        available = ", ".join(sorted(builder.info.splits))
        raise UserError(f"{path} has no split {split!r}; it has {available}")

    def decode(example):
        kept = {field: example[field] for field in kept_fields}
        if image_size is None:
            return kept
        views = example["views"]
        if views.shape[-2] is not None and views.shape[-2] > image_size:
            reduced = tf.image.resize(views, (image_size, image_size), method="area")
            views = tf.cast(tf.round(reduced), tf.uint8)
        return kept | {"views": views}

    records = builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders={"views": tfds.decode.SkipDecoding()}
        if image_size is None and has_views
        else None,
    )
    records = records.take(-1 if count is None else count)
    records = records.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    with _reading(path):
        fetched = records.prefetch(tf.data.AUTOTUNE).as_numpy_iterator()
        decoded = list(watch(fetched))
        scales = [example.get("scale", np.nan) for example in decoded]
        scales = known_scales(np.array(scales, np.float32), len(decoded))
    names = [example["name"].decode() for example in decoded]
    return Examples(
        names,
        np.stack([example["voxels"] for example in decoded]),
        no_views(len(decoded))
        if image_size is None
        else np.stack([example["views"] for example in decoded]),
        [example["category"].decode() for example in decoded if "category" in example],
        cameras=None if image_size is None else _cameras(path, names, decoded),
        scales=scales,
    )


def _cameras(path: pathlib.Path, names: list[str], decoded: list[dict]):
    if "cameras" in decoded[0]:
        return np.stack([example["cameras"] for example in decoded])
    return recorded_cameras(read_provenance(path), names, len(decoded[0]["views"]))


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
