"""What inspection tells of a data set is what is in it."""

import pathlib

import numpy as np
import pytest
from helpers import assert_error, make_examples
from PIL import Image
from test_dataset import write_packed

from vaegan_jax.dataset import Examples, open_split
from vaegan_jax.errors import UserError
from vaegan_jax.inspection import inspect
from vaegan_jax.packed_data import pack


@pytest.fixture
def packed(tmp_path):
    """Four random shapes, the fourth as the first, in two splits alike."""
    examples = make_examples(count=4)
    examples.voxels[3] = examples.voxels[0]
    write_packed(tmp_path / "data.npz", examples, splits=("train", "test"))
    return tmp_path / "data.npz"


def test_a_packed_file(packed):
    report = inspect(packed, num_shapes=4)
    share = make_examples(count=4).voxels[:3].reshape(3, -1).mean(axis=1)
    assert "train: 4 shapes of 32³, 4 views each" in report
    assert f"from {share.min():.1%} to {share.max():.1%}; 0 empty, 0 full" in report
    assert "identical shapes: 0 within a split, 3 across splits" in report
    first = "train/shape_0 = train/shape_3 = test/shape_0 = test/shape_3"
    assert first in report
    assert "made by: nothing is recorded" in report
    picture = Image.open(packed.with_suffix(".contact_sheet.png"))
    assert picture.width == 8 * 132 + 4  # four views, each beside its voxels


def test_a_directory_and_what_is_packed_of_it(run, tmp_path):
    from data_prep.mesh_folder import mesh_folder_dataset_builder_test as builder_test

    made = run(
        *("meshes", f"--input={builder_test.DUMMY}", f"--output={tmp_path / 'set'}"),
        *("--image_size=16", "--num_views=3"),
    )
    assert made.returncode == 0
    result = run("inspect", f"--data_dir={tmp_path / 'set'}", "--shapes=2")
    assert result.returncode == 0, result.stderr
    assert "made by: source mesh_folder, input " in result.stdout
    assert "camera (num_views 3, elevation_degrees 30.0" in result.stdout
    assert "skipped 1 files" in result.stdout
    assert "train: 2 shapes of 32³, 3 views each" in result.stdout
    assert (tmp_path / "set" / "contact_sheet.png").exists()

    pack(tmp_path / "set", tmp_path / "set.npz", 16)
    same = inspect(tmp_path / "set.npz").splitlines()
    assert same[:-1] == result.stdout.splitlines()[:-1]
    for path in ("set", "set.npz"):
        read = open_split(tmp_path / path, "train", 32, 16)
        assert read.categories == ["chair"] * 2


def test_damaged_directories(run, tmp_path):
    from data_prep.mesh_folder import mesh_folder_dataset_builder_test as builder_test

    where = (f"--input={builder_test.DUMMY}", f"--output={tmp_path / 'set'}")
    made = run("meshes", "--no-views", *where)
    files = pathlib.Path(made.stdout.splitlines()[-1])
    names = ("dataset_info.json", "features.json", "metadata.json")
    for file in [*files.glob("*train.tfrecord*"), *(files / name for name in names)]:
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
        result = run("inspect", f"--data_dir={tmp_path / 'set'}")
        assert_error(result, "damaged; delete", "make it again")
        file.write_bytes(whole)
    (files / "metadata.json").write_text("{")
    assert_error(run("meshes", "--no-views", *where), "damaged; delete it and run")


@pytest.mark.parametrize("name", ["picture", "picture.xyz", ""])
def test_pictures_that_cannot_be_written(packed, tmp_path, name):
    with pytest.raises(UserError, match=r"must have a name that ends in \.png"):
        inspect(packed, tmp_path / name)


def test_empty_and_full_grids_are_counted(tmp_path):
    some = make_examples(count=3, num_views=1)
    some.voxels[0], some.voxels[1] = 0, 1
    write_packed(tmp_path / "data.npz", some)
    assert "1 empty, 1 full" in inspect(tmp_path / "data.npz", tmp_path / "a" / "b.png")
    assert (tmp_path / "a" / "b.png").exists()


def test_without_views(tmp_path):
    some = make_examples(count=3)
    some = Examples(some.names, some.voxels, np.zeros((3, 0, 0, 0, 1), np.uint8))
    write_packed(tmp_path / "data.npz", some)
    assert "3 shapes of 32³, no views" in inspect(tmp_path / "data.npz")


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        inspect(tmp_path / "none")
    with pytest.raises(UserError, match="no prepared data sets"):
        inspect(tmp_path)
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(UserError, match="not a packed data set"):
        inspect(tmp_path / "text.npz")
