"""The mesh builder on four tiny wedges, and a broken one, in `dummy_data`."""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow_datasets as tfds

from data_prep.mesh_folder import mesh_folder_dataset_builder as module
from data_prep.prepare import prepare_meshes
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.mesh_files import read_mesh
from vaegan_jax.shapes.render import render_views
from vaegan_jax.shapes.voxelize import voxelize

DUMMY = pathlib.Path(__file__).parent / "dummy_data" / "meshes"
SMALL = {"resolution": 8, "image_size": 16, "camera": Camera(2)}


class MeshFolderTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = module.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = [  # noqa: RUF012 (TFDS's own interface)
        module.MeshFolderConfig(name="tiny", **SMALL)
    ]
    SPLITS = {"train": 2, "validation": 1, "test": 1}  # noqa: RUF012


def test_examples_are_the_meshes(tmp_path):
    target = prepare_meshes(DUMMY, tmp_path, ["chair"], **SMALL)
    data = tfds.load("mesh_folder/chair_r8_v16", data_dir=tmp_path, split="test")
    (example,) = tfds.as_numpy(data)
    mesh = read_mesh((DUMMY / "chair/test/chair_0004.off").read_bytes(), ".off")
    assert example["name"] == b"chair_0004" and example["category"] == b"chair"
    np.testing.assert_array_equal(example["voxels"], voxelize(mesh, 8))
    np.testing.assert_array_equal(
        example["views"][..., 0], render_views(mesh, Camera(2), 16)
    )
    stored = tfds.builder_from_directory(target).info.metadata
    assert stored["camera"]["num_views"] == 2
    assert stored["voxelizer"]["resolution"] == 8
    assert stored["versions"]["vaegan_jax"]
    assert list(stored["skipped"]) == ["chair/train/chair_0005.off"]


def test_the_same_input_gives_the_same_bytes(tmp_path):
    first, second = (
        prepare_meshes(DUMMY, tmp_path / name, **SMALL) for name in ("a", "b")
    )
    names = sorted(file.name for file in first.iterdir())
    assert names == sorted(file.name for file in second.iterdir())
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_voxels_alone(tmp_path):
    target = prepare_meshes(DUMMY, tmp_path, resolution=8, camera=None)
    info = tfds.builder_from_directory(target).info
    assert "views" not in info.features and info.metadata["camera"] is None
    assert not (tmp_path / ".work").exists()
