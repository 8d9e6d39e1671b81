"""The command that makes furniture."""

import numpy as np
import pytest

from tests.helpers import assert_error
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.packed_source import read_split
from vaegan_jax.data.packing import pack
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.silhouettes import likeness_when_turned

SMALL = ("--resolution=32", "--image_size=32", "--num_views=2")


@pytest.mark.parametrize("cameras", ["ring", "random", "r2n2"])
def test_furniture_is_made_and_read(run, tmp_path, cameras):
    options = ("--families=lamp,table,chair", "--held_out_families=lamp", "--seed=2")
    more = ("--count=22", f"--cameras={cameras}", f"--output={tmp_path / 'set'}")
    made = run("furniture", *SMALL, *options, *more)
    assert made.returncode == 0, made.stderr
    assert (
        "/procedural_furniture/chair_table_lamp_r32_v32_held_out_lamp/" in made.stdout
    )
    pack(tmp_path / "set", tmp_path / "set.npz", image_size=32)
    found, alike = [], []
    for split in ("train", "validation", "test"):
        examples = open_split(tmp_path / "set", split, 32, 32)
        packed = read_split(tmp_path / "set.npz", split)
        assert packed.categories == examples.categories
        assert all(
            n.startswith(c)
            for n, c in zip(packed.names, packed.categories, strict=True)
        )
        assert {"lamp"} == set(packed.categories) or "lamp" not in packed.categories
        found += packed.categories
        for grid, views, row, scale in zip(
            examples.voxels,
            examples.views,
            examples.cameras,
            examples.scales,
            strict=True,
        ):
            seen_from = [ViewCamera(*numbers) for numbers in row.tolist()]
            likeness = likeness_when_turned(
                grid.astype(bool), views, seen_from, float(scale)
            )
            alike.append(likeness[0])
    assert min(alike) > 0.4 and np.mean(alike) > 0.75
    assert len(found) == 22 and set(found) == {"chair", "table", "lamp"}


def test_the_same_command_changes_nothing_and_another_is_told(run, tmp_path):
    options = (*SMALL, "--count=10", f"--output={tmp_path}", "--elevation=10")
    assert run("furniture", *options).returncode == 0
    again = run("furniture", *options)
    assert again.returncode == 0 and "/all_r32_v32/" in again.stdout
    camera = open_split(tmp_path, "train", 32, 32).cameras[0, 0]
    np.testing.assert_allclose(camera, [0, 10, 2.6, 24.5])
    assert_error(run("furniture", *options, "--seed=1"), "seed is 0, not 1", "choose")
    other = run("furniture", *options, "--families=lamp")
    assert_error(other, "holds another data set")


def test_families_are_left_out(run, tmp_path):
    few = (*SMALL, "--count=10", f"--output={tmp_path / 'set'}")
    left = ("--families=sofa,lamp,chair,bed", "--without=bed,lamp")
    made = run("furniture", *few, *left)
    assert made.returncode == 0, made.stderr
    assert "/procedural_furniture/chair_sofa_r32_v32/" in made.stdout
    families = open_split(tmp_path / "set", "train", 32, 32).categories
    assert set(families) == {"chair", "sofa"}
    told = run("inspect", f"--data_dir={tmp_path / 'set'}").stdout
    assert "families chair sofa, " in told
    # The same families in another way are the same data set, and others are not.
    same = run("furniture", *few, "--families=sofa,chair")
    assert same.returncode == 0, same.stderr
    held_out = run(
        "furniture", *few, "--families=chair,sofa", "--held_out_families=sofa"
    )
    assert_error(held_out, "holds another data set")


def test_impossible_arguments(run, tmp_path):
    for wrong, told in (
        ("--families=lump", "called 'lump'"),
        ("--held_out_families=chair,cart", "called 'cart'"),
        ("--without=bed,car", "called 'car'; give some of chair, stool, bench"),
        ("--families=bed --without=bed", "all families are left out"),
        ("--count=5", "too few"),
        ("--seed=-1", "the seed is -1"),
    ):
        made = run("furniture", f"--output={tmp_path / 'a'}", *wrong.split())
        assert_error(made, told)
    random = run("furniture", "--output=x", "--cameras=random", "--distance=2")
    assert_error(random, "are of a ring")
    assert not (tmp_path / "a").exists()
