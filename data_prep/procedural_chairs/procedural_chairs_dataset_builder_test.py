"""The chairs as TFDS builds and reads them, with a few small ones."""

import itertools
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow_datasets as tfds

from data_prep.procedural_chairs import procedural_chairs_dataset_builder as module
from data_prep.procedural_chairs.parameters import KINDS
from vaegan_jax.shapes.cameras import Camera


class ProceduralChairsTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = module.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = [  # noqa: RUF012 (TFDS's own interface)
        module.ChairsConfig(
            name="few", resolution=16, image_size=8, total=10, camera=Camera(3)
        )
    ]
    SPLITS = {"train": 8, "validation": 1, "test": 1}  # noqa: RUF012


def test_examples_hold_what_they_say(tmp_path):
    config = module.ChairsConfig(
        name="two", resolution=16, image_size=8, total=20, camera=Camera(3)
    )
    builder = module.Builder(config=config, data_dir=tmp_path)
    builder.download_and_prepare()
    read = tfds.builder_from_directory(builder.data_dir)
    examples = list(tfds.as_numpy(read.as_dataset(split="validation")))
    assert sorted(e["name"] for e in examples) == [b"chair_00008", b"chair_00018"]
    for example in examples:
        assert example["voxels"].shape == (16, 16, 16)
        assert set(np.unique(example["voxels"])) == {0, 1}
        assert example["views"].shape == (3, 8, 8, 1)
        assert example["parameters"]["kind"].decode() in KINDS
    assert read.info.metadata["camera"]["num_views"] == 3
    voxelizer = {"resolution": 16, "solid": True, "method": "exact"}
    assert read.info.metadata["voxelizer"] == voxelizer


def test_default_splits():
    sizes = {name: len(i) for name, i in module.split_indices(1200).items()}
    assert sizes == {"train": 960, "validation": 120, "test": 120}
    everything = itertools.chain(*module.split_indices(1200).values())
    assert sorted(everything) == list(range(1200))
