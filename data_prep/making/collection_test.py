"""Identical shapes are found, kept together, reported, and dropped if asked."""

import dataclasses

import pytest

from data_prep.archives.listing import ShapeFile
from data_prep.making.collection import arrange
from data_prep.making.workshop import Made


def made(name, split=None, digest=None, owner=None, mirror_digest=None):
    file = ShapeFile("chair", split, name, f"{name}.off", owner)
    digest = digest or name
    return Made(file, digest=digest, mirror_digest=mirror_digest or digest)


def names(collection):
    splits = collection.splits.items()
    return {split: [made.file.name for made in members] for split, members in splits}


def test_splits_of_files_are_kept_and_others_train():
    shapes = [made("a", "train"), made("b"), made("c", "test"), made("d", "train")]
    assert names(arrange(shapes, {})) == {
        "train": ["a", "d"],
        "validation": ["b"],
        "test": ["c"],
    }


TWICE = [
    made("a", "train", "x"),
    made("b", "train"),
    made("c", "train", "x"),
    made("d", "validation"),
    made("e", "test", "x"),
]


def test_duplicates_are_reported():
    collection = arrange(TWICE, {"f.off": "the file is empty"})
    assert collection.duplicates == [["test/e", "train/a", "train/c"]]
    report = collection.report()
    assert "train: 3 shapes (3 chair)" in report
    assert "skipped files: 1\n  f.off: the file is empty" in report
    assert "identical shapes: 1, 1 of them across splits; --drop_duplicates" in report
    assert "test/e = train/a = train/c" in report
    assert "ignored" not in report
    report = dataclasses.replace(collection, ignored=["._a.off"]).report()
    assert "system's own: 1 (._a.off)" in report


def test_the_copy_in_the_test_split_is_the_one_to_keep():
    collection = arrange(TWICE, {}, drop_duplicates=True)
    assert names(collection) == {"train": ["b"], "validation": ["d"], "test": ["e"]}
    assert collection.dropped == ["train/a", "train/c"]
    assert "copies dropped: 2" in collection.report()


def test_a_seeded_split_never_divides_identical_shapes():
    shapes = [made(f"{i:02d}", digest=str(i // 2)) for i in range(40)]
    collection = arrange(shapes, {}, seed=3)
    assert {s: len(m) for s, m in collection.splits.items()} == {
        "validation": 4,
        "test": 4,
        "train": 32,
    }
    for group in collection.duplicates:
        assert len({name.split("/")[0] for name in group}) == 1


@pytest.mark.parametrize("kind", ["digest", "mirror_digest"])
def test_a_validation_split_made_here_never_divides_copies(kind):
    shapes = [made(f"{i:02d}", "train") for i in range(11)]
    shapes[3] = made("03", "train", **{kind: "x"})
    shapes[10] = made("10", "train", **{kind: "x"})
    collection = arrange(shapes, {})
    assert names(collection)["validation"] == ["00"]
    assert len(collection.duplicates) == (kind == "digest")  # mirrored are not the same
    shapes[0] = made("00", "train", **{kind: "x"})
    assert names(arrange(shapes, {}))["validation"] == ["00", "03", "10"]


def test_rotations_that_look_alike_are_no_duplicates():
    shapes = [made(f"table_{k}", "train", "round", "table") for k in range(12)]
    assert arrange(shapes, {}).duplicates == []
