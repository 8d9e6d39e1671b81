"""The builder of MATLAB grids on four tiny objects in `dummy_data`."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow_datasets as tfds

from data_prep.volumetric_grids import volumetric_grids_dataset_builder as module


class VolumetricGridsTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = module.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = [  # noqa: RUF012 (TFDS's own interface)
        module.VolumetricGridsConfig(name="tiny", resolution=8)
    ]
    SPLITS = {"train": 4, "validation": 2, "test": 2}  # noqa: RUF012
