"""The furniture as TFDS builds and reads it, with a few small shapes."""

import dataclasses
import itertools
import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest
import tensorflow_datasets as tfds

from data_prep.procedural_furniture import (
    procedural_furniture_dataset_builder as module,
)
from data_prep.procedural_furniture.catalogue import FAMILIES, build, family_of
from data_prep.procedural_furniture.make_example import CopyFilter, FurnitureMaker
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.copies import mirror_digest


def few(count=10, **settings):
    sizes = {"resolution": 16, "image_size": 8, "camera": Camera(3)}
    return module.FurnitureConfig(name="few", count=count, **sizes, **settings)


class ProceduralFurnitureTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = module.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = [few()]  # noqa: RUF012 (TFDS's own interface)
    SPLITS = {"train": 8, "validation": 1, "test": 1}  # noqa: RUF012


@pytest.mark.parametrize("solid", [False, True])
def test_examples_hold_what_they_say(tmp_path, solid):
    builder = module.Builder(config=few(20, seed=3, solid=solid), data_dir=tmp_path)
    builder.download_and_prepare()
    read = tfds.builder_from_directory(builder.data_dir)
    examples = list(tfds.as_numpy(read.as_dataset(split="validation")))
    assert len(examples) == 2
    for example in examples:
        family, number = example["name"].decode().split("_")
        piece = build(int(number), seed=3)
        assert example["category"].decode() == family == piece.family
        assert json.loads(example["parameters"]) == piece.parameters
        assert example["voxels"].shape == (16, 16, 16)
        assert example["views"].shape == (3, 8, 8, 1)
        assert 1 / np.sqrt(3) < example["scale"] < 1
    assert read.info.metadata["seed"] == 3
    assert read.info.metadata["voxelizer"]["solid"] is solid


def test_no_shape_is_there_twice(tmp_path):
    """Beds of 6³ cells are often alike, so several are drawn anew."""
    config = dataclasses.replace(few(27, families=("bed",)), resolution=6)
    builder = module.Builder(config=config, data_dir=tmp_path)
    builder.download_and_prepare()
    splits = tfds.as_numpy(builder.as_dataset())
    examples = [each for split in splits.values() for each in split]
    assert len({mirror_digest(each["voxels"]) for each in examples}) == 27
    attempts = []
    for example in examples:
        parameters = json.loads(example["parameters"])
        number = int(example["name"].decode().partition("_")[2])
        attempts.append(parameters.get("attempt", 0))
        piece = build(number, 0, ("bed",), attempts[-1])
        assert parameters == piece.parameters
    assert 3 < np.count_nonzero(attempts) < 20


def test_mirror_images_are_copies_too():
    """Of a shape that is not its own; what is turned about is another shape."""
    made = FurnitureMaker(4, False, 4, Camera(1), 0, ("chair",))(0)
    voxels = np.zeros((4, 4, 4), bool)
    voxels[0, 0, 0] = voxels[1, 2, 3] = True
    drawn = []

    def again(index, attempt):
        drawn.append((index, attempt))
        return made

    def unlike(filtered, voxels):
        piece = dataclasses.replace(made, shape=made.shape._replace(voxels=voxels))
        return filtered(piece).shape.voxels

    copies = CopyFilter(again)
    np.testing.assert_array_equal(unlike(copies, voxels), voxels)
    np.testing.assert_array_equal(unlike(copies, voxels[:, ::-1]), voxels[:, ::-1])
    assert not drawn
    np.testing.assert_array_equal(unlike(copies, voxels[::-1]), made.shape.voxels)
    assert drawn == [(0, 1)]


def test_shapes_that_cannot_differ_are_refused():
    maker = FurnitureMaker(1, False, 4, Camera(1), 0, ("chair",))  # a single cell
    unlike = CopyFilter(maker)
    unlike(maker(0))
    with pytest.raises(UserError, match=r"no shape 1 was found .* a larger --resolut"):
        unlike(maker(1))


def test_processes_end_before_a_refusal_is_told(tmp_path, monkeypatch):
    told = []

    def pieces(maker, indices, description):
        try:
            yield from map(maker, indices)
        finally:
            told.append("ended")

    monkeypatch.setattr(module, "parallel_map", pieces)
    config = dataclasses.replace(few(families=("chair",)), resolution=1)
    builder = module.Builder(config=config, data_dir=tmp_path)
    try:
        builder.download_and_prepare()
    except UserError:
        told.append("refused")
    assert told == ["ended", "refused"]
    assert not list(tmp_path.rglob("dataset_info.json"))


def test_splits_without_and_with_families_held_out():
    splits = module.split_indices(few(1000))
    assert [len(i) for i in splits.values()] == [800, 100, 100]
    held_out = ("lamp", "bench")
    splits = module.split_indices(few(1000, held_out_families=held_out))
    families = {
        name: {family_of(i, 0, tuple(FAMILIES)) for i in indices}
        for name, indices in splits.items()
    }
    assert families["test"] == set(held_out)
    assert families["train"] == families["validation"] == set(FAMILIES) - set(held_out)
    assert sorted(itertools.chain(*splits.values())) == list(range(1000))
    assert 7 < len(splits["train"]) / len(splits["validation"]) < 11


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"families": ("chair", "lump")}, "called 'lump'; give some of chair, stool"),
        ({"held_out_families": ("car",)}, "called 'car'"),
        (
            {"families": ("chair", "lamp"), "held_out_families": ("bed",)},
            "'bed'; give some of chair, lamp",
        ),
        ({"families": ("bed",), "held_out_families": ("bed",)}, "all families are"),
        ({"seed": -1}, "the seed is -1"),
        ({"count": 9}, "9 shapes are too few: the split test would be empty"),
    ],
)
def test_impossible_settings(settings, message):
    with pytest.raises(UserError, match=message):
        module.split_indices(few(**{"count": 40, **settings}))
