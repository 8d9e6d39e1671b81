"""The archive builder on four tiny shapes in `dummy_data`."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow_datasets as tfds

from data_prep.voxel_view_archive import voxel_view_archive_dataset_builder as module


class VoxelViewArchiveTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = module.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = [  # noqa: RUF012 (TFDS's own interface)
        module.ArchiveConfig(name="tiny", resolution=4, image_size=16, num_views=2)
    ]
    SPLITS = {"train": 2, "validation": 1, "test": 1}  # noqa: RUF012
