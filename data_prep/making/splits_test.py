"""Splits depend on names and seed alone, and groups stay together."""

import pytest

from data_prep.archives.listing import split_of_folder
from data_prep.making.splits import seeded_splits, with_validation

NAMES = [f"chair_{i:04d}" for i in range(1, 26)]


def itself(name):
    return name


def alone(name):
    return (name,)


@pytest.mark.parametrize(
    "folder, split",
    [("train", "train"), ("Test", "test"), ("val", "validation"), ("chair", None)],
)
def test_folders(folder, split):
    assert split_of_folder(folder) == split


def test_every_tenth_name_validates():
    splits = with_validation({"test": ["z"], "train": NAMES[::-1]}, itself, alone)
    assert list(splits) == ["train", "validation", "test"]
    assert splits["validation"] == ["chair_0001", "chair_0011", "chair_0021"]
    assert len(splits["train"]) == 22 and splits["test"] == ["z"]


def test_a_validation_split_of_its_own_is_kept():
    given = {"train": NAMES, "validation": ["v"]}
    assert with_validation(given, itself, alone) == given


def test_rotations_of_an_object_stay_together():
    shapes = [f"{name}_{k}" for name in NAMES for k in range(3)]
    key = lambda shape: shape[:10]  # noqa: E731
    for splits in (
        with_validation({"train": shapes}, key, lambda shape: (key(shape),)),
        seeded_splits(shapes, key, lambda shape: (key(shape),), 0),
    ):
        owners = [{key(shape) for shape in members} for members in splits.values()]
        assert sum(map(len, owners)) == len(set().union(*owners)) == 25
        assert sum(map(len, splits.values())) == 75


def test_a_copy_never_validates_what_its_twin_trains():
    """The twin of the first name, and the twin of that twin, validate with it."""
    twins = {"chair_0001": "a", "chair_0007": "ab", "chair_0019": "b"}
    same = lambda name: [name, *twins.get(name, "")]  # noqa: E731
    splits = with_validation({"train": NAMES}, itself, same)
    assert splits["validation"] == [
        *("chair_0001", "chair_0007", "chair_0012", "chair_0019", "chair_0023")
    ]
    assert sorted(splits["train"] + splits["validation"]) == NAMES
    assert splits["train"] == sorted(splits["train"])


def test_very_many_copies_train():
    same = lambda name: ("x",) if name > "chair_0012" else (name,)  # noqa: E731
    splits = with_validation({"train": NAMES}, itself, same)
    assert splits["validation"] == ["chair_0001", "chair_0011"]
    assert len(splits["train"]) == 23
    seeded = seeded_splits(NAMES, itself, same, 0)
    assert {split: len(members) for split, members in seeded.items()} == {
        "train": 23,
        "validation": 1,
        "test": 1,
    }


def test_seeded_splits():
    splits = seeded_splits(NAMES, itself, alone, 0)
    assert {name: len(members) for name, members in splits.items()} == {
        "train": 21,
        "validation": 2,
        "test": 2,
    }
    assert seeded_splits(NAMES[::-1], itself, alone, 0) == splits
    assert seeded_splits(NAMES, itself, alone, 1) != splits


@pytest.mark.parametrize(
    "count, sizes",
    [(1, {"train": 1}), (2, {"validation": 1, "train": 1}), (3, None), (4, None)],
)
def test_few_shapes(count, sizes):
    found = seeded_splits(NAMES[:count], itself, alone, 0)
    sizes = sizes or {"validation": 1, "test": 1, "train": count - 2}
    assert {name: len(members) for name, members in found.items()} == sizes
