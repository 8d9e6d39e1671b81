"""Splits depend on names and seed alone, and groups stay together."""

import pytest

from data_prep.archives.listing import split_of_folder
from data_prep.making.splits import seeded_splits, with_validation

NAMES = [f"chair_{i:04d}" for i in range(1, 26)]


def same(name):
    return name


@pytest.mark.parametrize(
    "folder, split",
    [("train", "train"), ("Test", "test"), ("val", "validation"), ("chair", None)],
)
def test_folders(folder, split):
    assert split_of_folder(folder) == split


def test_every_tenth_name_validates():
    splits = with_validation({"test": ["z"], "train": NAMES[::-1]}, same)
    assert list(splits) == ["train", "validation", "test"]
    assert splits["validation"] == ["chair_0001", "chair_0011", "chair_0021"]
    assert len(splits["train"]) == 22 and splits["test"] == ["z"]


def test_a_validation_split_of_its_own_is_kept():
    assert with_validation({"train": NAMES, "validation": ["v"]}, same) == {
        "train": NAMES,
        "validation": ["v"],
    }


def test_rotations_of_an_object_stay_together():
    shapes = [f"{name}_{k}" for name in NAMES for k in range(3)]
    key = lambda shape: shape[:10]  # noqa: E731
    for splits in (
        with_validation({"train": shapes}, key),
        seeded_splits(shapes, key, 0),
    ):
        owners = [{key(shape) for shape in members} for members in splits.values()]
        assert sum(map(len, owners)) == len(set().union(*owners)) == 25
        assert sum(map(len, splits.values())) == 75


def test_seeded_splits():
    splits = seeded_splits(NAMES, same, 0)
    assert {name: len(members) for name, members in splits.items()} == {
        "train": 21,
        "validation": 2,
        "test": 2,
    }
    assert seeded_splits(NAMES[::-1], same, 0) == splits
    assert seeded_splits(NAMES, same, 1) != splits


@pytest.mark.parametrize(
    "count, sizes",
    [(1, {"train": 1}), (2, {"validation": 1, "train": 1}), (3, None), (4, None)],
)
def test_few_shapes(count, sizes):
    found = seeded_splits(NAMES[:count], same, 0)
    sizes = sizes or {"validation": 1, "test": 1, "train": count - 2}
    assert {name: len(members) for name, members in found.items()} == sizes
