"""What is held out for choosing is nothing that is learnt from, and no copy."""

import dataclasses

import numpy as np
import pytest

from tests.helpers import make_examples
from vaegan_jax.data.held_out import (
    deformed_name,
    hold_out,
    originals,
    procedural_name,
)
from vaegan_jax.errors import UserError


def named(count, seed=0):
    names = [f"chair_{n:03d}" for n in range(count)]
    return dataclasses.replace(make_examples(count, seed=seed), names=names)


def joined(*parts):
    return dataclasses.replace(
        parts[0],
        names=[name for part in parts for name in part.names],
        voxels=np.concatenate([part.voxels for part in parts]),
        views=np.concatenate([part.views for part in parts]),
        categories=[c for part in parts for c in part.categories],
    )


def test_every_tenth_shape_is_held_out_and_nothing_lost():
    train = named(25)
    learnt, held_out = hold_out(train, {})
    assert held_out.names == ["chair_000", "chair_010", "chair_020"]
    assert sorted(learnt.names + held_out.names) == train.names
    for part in (learnt, held_out):
        places = [train.names.index(name) for name in part.names]
        np.testing.assert_array_equal(part.voxels, train.voxels[places])
        np.testing.assert_array_equal(part.views, train.views[places])


@pytest.mark.parametrize("mirrored", [False, True])
def test_copies_are_held_out_together(mirrored):
    train = named(25)
    train.voxels[7] = train.voxels[0][::-1] if mirrored else train.voxels[0]
    learnt, held_out = hold_out(train, {})
    assert {"chair_000", "chair_007"} <= set(held_out.names)
    assert "chair_007" not in learnt.names


def test_a_deformed_file_holds_out_what_its_source_does():
    source = dataclasses.replace(named(25), categories=["chair"] * 25)
    copies = [
        dataclasses.replace(
            named(25, seed=1 + c),
            names=[deformed_name(name, c) for name in source.names],
            categories=["chair"] * 25,
        )
        for c in range(2)
    ]
    added = dataclasses.replace(
        named(25, seed=9),
        names=list(map(procedural_name, range(25))),
        categories=["chair"] * 25,
    )
    added.voxels[3] = source.voxels[10]  # one is what is held out, by chance
    learnt, held_out = hold_out(joined(source, source, *copies, added), {})
    alone = hold_out(source, {})
    assert held_out.names == alone[1].names and held_out.categories == ["chair"] * 3
    np.testing.assert_array_equal(held_out.voxels, alone[1].voxels)
    roots = [name.split("_deformed")[0] for name in learnt.names]
    assert not set(roots) & set(held_out.names)
    assert len(learnt) == 4 * 22 + 24 and procedural_name(3) not in learnt.names
    assert originals(joined(source, source, *copies, added)).names == source.names


def test_procedural_chairs_alone_are_the_shapes():
    train = dataclasses.replace(named(12), names=list(map(procedural_name, range(12))))
    assert hold_out(train, {})[1].names == [procedural_name(0), procedural_name(10)]


def test_one_shape_cannot_be_divided():
    train = named(2)
    train.voxels[1] = train.voxels[0]
    with pytest.raises(UserError, match=r"1 different shape.*choose_on=validation"):
        hold_out(train, {})


def test_rotations_of_an_object_are_held_out_together():
    names = [f"chair_{n:09d}_{k}" for n in range(12) for k in (1, 2, 10)]
    train = dataclasses.replace(make_examples(36), names=names)
    learnt, held_out = hold_out(train, {"source": "volumetric_grids"})
    objects = [
        {name.rpartition("_")[0] for name in x.names} for x in (learnt, held_out)
    ]
    assert not objects[0] & objects[1] and [len(x) for x in objects] == [10, 2]


def test_shapes_of_two_categories_may_have_one_name():
    train = joined(named(12), named(12, seed=1))
    train.categories.extend(["chair"] * 12 + ["table"] * 12)
    assert len(originals(train)) == 24
    learnt, held_out = hold_out(train, {})
    assert len(learnt) == 21 and held_out.categories == ["chair", "chair", "table"]


def test_names_that_only_look_like_copies_are_originals():
    names = ["a_deformed_3", *(f"b{n}" for n in range(10)), "b0_deformed_1"]
    train = dataclasses.replace(make_examples(12), names=names)
    assert originals(train).names == sorted(names[:-1])
    added = [procedural_name(n) for n in range(12)]
    copies = [deformed_name(name, 0) for name in added]
    train = dataclasses.replace(make_examples(24), names=[*added, *copies])
    learnt, held_out = hold_out(train, {})
    assert held_out.names == [added[0], added[10]]
    assert not {copies[0], copies[10]} & set(learnt.names) and len(learnt) == 20
