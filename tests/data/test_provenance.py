"""A data set says how it was made, and whether it has views."""

import numpy as np
import pytest

from tests.helpers import make_examples, tiny_config, write_packed
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.provenance import describe, read_provenance
from vaegan_jax.errors import UserError
from vaegan_jax.trainer import train as driver

FACTS = {
    "source": "mesh_folder",
    "categories": ["chair"],
    "up": None,
    "camera": {"num_views": 12, "distance": 2.6},
    "skipped": {"a.off": "empty", "b.off": "empty"},
    "report": "train: 5 shapes\n",
}


def test_facts_in_one_line():
    assert describe(FACTS) == (
        "source mesh_folder, categories chair, camera (num_views 12, distance 2.6), "
        "skipped 2 files"
    )
    assert describe({}) == "nothing is recorded"


@pytest.fixture
def voxels_only(tmp_path):
    """A packed file without views."""
    some = make_examples(count=6)
    some = Examples(some.names, some.voxels, np.zeros((6, 0, 0, 0, 1), np.uint8))
    write_packed(tmp_path / "data.npz", some, ("train", "validation"), **FACTS)
    return tmp_path / "data.npz"


def test_packed_files_remember(voxels_only):
    assert read_provenance(voxels_only) == FACTS
    assert open_split(voxels_only, "train", 8, None).views.size == 0


def test_damaged_facts_are_told_before_anything_is_written(tmp_path):
    data, run = tmp_path / "data.npz", tmp_path / "run"
    write_packed(data, make_examples(6), ("train", "validation"), source="chairs")
    content = data.read_bytes()
    place = content.index("chairs".encode("utf-32-le"))  # as NumPy keeps text
    data.write_bytes(content[:place] + b"C" + content[place + 1 :])
    with pytest.raises(UserError, match=r"data\.npz is .*damaged"):
        driver.train(tiny_config("mv_vae_gan", **{"data.dir": str(data)}), run)
    assert not run.exists()


@pytest.mark.parametrize("algorithm", ["vae_gan", "mv_vae_gan"])
def test_models_of_views_name_what_is_missing(voxels_only, tmp_path, algorithm):
    config = tiny_config(algorithm, **{"data.dir": str(voxels_only)})
    with pytest.raises(UserError, match=r"without views.*meshes.*--no-views.*gan"):
        driver.train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_voxel_only_directories(run, tmp_path):
    from data_prep.mesh_folder import mesh_folder_dataset_builder_test as builder_test

    where = (f"--input={builder_test.DUMMY}", f"--output={tmp_path}")
    assert run("meshes", *where, "--no-views").returncode == 0
    assert open_split(tmp_path, "train", 32, None).views.size == 0
    with pytest.raises(UserError, match="without views"):
        open_split(tmp_path, "train", 32, 64)
