"""What the TFDS builders share. Importing this hides accelerators from TensorFlow."""

import contextlib
import fcntl
import importlib.metadata
import io
import json
import pathlib
import shutil
import tempfile
from typing import Any
from unittest import mock

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from tensorflow_datasets.core.example_serializer import ExampleSerializer

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.random_cameras import RandomCameras

# TensorFlow only reads and writes data here; it must not claim the memory of a GPU.
tf.config.set_visible_devices([], "GPU")

INCOMPLETE_PREFIX = "incomplete."  # TFDS's, of the folders that it writes to first
_PACKAGES = (
    *("vaegan_jax", "numpy", "scipy", "trimesh", "embreex", "scikit-image", "pillow"),
    "tensorflow-datasets",
)


def features(
    resolution: int,
    image_size: int,
    num_views: int,
    cameras: bool = False,
    channels: int = 1,
) -> dict[str, tfds.features.FeatureConnector]:
    """The features that every data set of shapes has; those of views if it has some.

    `voxels` are 0 or 1 with axes (x, y, z), z up, front towards −y; `views` are grey,
    of one channel, or of three. `scale` is as of `Examples`, and so are `cameras`,
    where each view has its own.
    """
    found = {
        "name": tfds.features.Text(),
        "voxels": tfds.features.Tensor(
            shape=(resolution,) * 3, dtype=np.uint8, encoding="zlib"
        ),
    }
    if num_views:
        found["views"] = tfds.features.Sequence(
            tfds.features.Image(
                shape=(image_size, image_size, channels),
                dtype=np.uint8,
                encoding_format="png",
            ),
            length=num_views,
        )
        found["scale"] = tfds.features.Scalar(np.float32)
    if cameras:
        found["cameras"] = tfds.features.Tensor(shape=(num_views, 4), dtype=np.float32)
    return found


def channel_facts(channels: int) -> dict[str, int]:
    """What is recorded of the views' channels: nothing of one, as ever."""
    return {} if channels == 1 else {"channels": channels}


def camera_facts(camera: Camera | RandomCameras | None) -> dict[str, Any]:
    """What is recorded of the cameras: a ring, or how random ones were drawn."""
    if isinstance(camera, RandomCameras):
        return {"camera": None, "cameras": camera.to_dict()}
    return {"camera": None if camera is None else camera.to_dict()}


def metadata(**facts) -> tfds.core.MetadataDict:
    """Facts about how a data set was made, with the versions of what made it."""
    return tfds.core.MetadataDict(**facts, versions=_versions())


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def stored_metadata(directory: pathlib.Path) -> dict:
    """The facts that `metadata` recorded with a data set on disk."""
    try:
        return json.loads((directory / "metadata.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{directory} is damaged; delete it and run the same command again"
        ) from error


def check_alone(builder: tfds.core.DatasetBuilder) -> None:
    """Raises UserError if the output holds another data set than this one.

    Training is told the output, and would not know which of them is meant.
    """
    target, root = pathlib.Path(builder.data_dir), pathlib.Path(builder._data_dir_root)
    others = sorted({p.parent for p in root.rglob("dataset_info.json")} - {target})
    others = [other for other in others if INCOMPLETE_PREFIX not in str(other)]
    if others:
        raise UserError(
            f"{root} holds another data set, {others[0].relative_to(root)}; choose "
            "another output or delete it"
        )


def check_same(directory: pathlib.Path, wanted: dict[str, Any]) -> None:
    """Raises UserError if a data set on disk was made with other facts than wanted."""
    stored = stored_metadata(directory)
    for field, value in wanted.items():
        if stored.get(field) != value:
            raise UserError(
                f"{directory} holds a data set made with other settings or files: "
                f"{field} is {stored.get(field)}, not {value}; choose another output "
                "or delete it"
            )


def _serialize(serializer: ExampleSerializer, example: dict) -> bytes:
    """As TFDS does, but the order of the features is not another in every process."""
    return serializer.get_tf_example(example).SerializeToString(deterministic=True)


def build(builder: tfds.core.DatasetBuilder) -> pathlib.Path:
    """Makes the data set unless it is there already, and returns its directory.

    What an interrupted run left behind is removed first. A second process that wants
    the same data set waits for the first.
    """
    target = pathlib.Path(builder.data_dir)
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.parent / ".lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            return target
        for leftover in target.parent.glob(f"{INCOMPLETE_PREFIX}*"):
            shutil.rmtree(leftover)
        tfds.disable_progress_bar()  # the builders show their own
        with (
            tempfile.TemporaryDirectory() as downloads,  # there are none
            contextlib.redirect_stdout(io.StringIO()),  # of TFDS's announcements
            mock.patch.object(ExampleSerializer, "serialize_example", _serialize),
        ):
            builder.download_and_prepare(file_format="tfrecord", download_dir=downloads)
    return target
