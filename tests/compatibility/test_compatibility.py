"""What an older commit wrote is read as ever; see write_files.py."""

import shutil

import numpy as np
import pytest

import vaegan_jax
from tests.compatibility.write_files import (
    FILES,
    STEPS,
    batch_of,
    numbers_of,
    small_examples,
    small_setup,
)
from tests.helpers import assert_trees_equal
from vaegan_jax.checkpoints.checkpoint import Checkpoints, abstract_state
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.provenance import read_provenance


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("before")
    shutil.unpack_archive(FILES, folder)
    return folder


def assert_numbers(found, path):
    """Those of the file, but for how machines round."""
    with np.load(path) as expected:
        assert set(found) == set(expected.files)
        for name in expected.files:
            np.testing.assert_allclose(
                found[name], expected[name], 1e-4, 1e-5, err_msg=name
            )


@pytest.mark.parametrize("written", ["run", "weights"])
def test_checkpoints_and_weights_give_the_same_shapes(files, written):
    model = vaegan_jax.load(files / written)
    assert model.step == STEPS and model.mixture is not None
    assert_numbers(numbers_of(model, small_examples()), files / f"{written}.npz")


def test_training_goes_on_with_the_same_step(files):
    setup, examples = small_setup(), small_examples()
    checkpoints = Checkpoints(files / "run", read_only=True)
    assert checkpoints.best == (STEPS, 0.5) and not checkpoints.damaged
    state = checkpoints.restore(abstract_state(setup.create))
    checkpoints.close()
    batch = batch_of(STEPS, setup.config, files / "data.npz", examples)
    _, metrics = setup.train_step(state, batch)
    assert_numbers(metrics, files / "next_step.npz")


def test_a_packed_file_holds_the_same_examples(files):
    data = files / "data.npz"
    found, expected = open_split(data, "train", 32, 16), small_examples()
    assert found.names == expected.names
    assert_trees_equal((found.voxels, found.views), (expected.voxels, expected.views))
    assert read_provenance(data) == {"source": "random"}
