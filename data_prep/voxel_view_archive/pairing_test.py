"""Names decide what belongs together."""

import pytest

from data_prep.archives.archive import Archive
from data_prep.voxel_view_archive.pairing import pair_archives
from vaegan_jax.errors import UserError


@pytest.fixture
def folders(tmp_path):
    """Makes empty files: `folders(grids, views)` gives two archives."""

    def make(grids, views):
        for folder, names in (("voxels", grids), ("views", views)):
            (tmp_path / folder).mkdir()
            for name in names:
                path = tmp_path / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        return Archive(tmp_path / "voxels"), Archive(tmp_path / "views")

    return make


def chair(split, number):
    return f"chair/{split}/chair_{number:04d}"


def views(split, numbers, count=2):
    return [
        f"root/{chair(split, n)}_{k:03d}.png"
        for n in numbers
        for k in range(1, count + 1)
    ]


def grids(split, numbers):
    return [f"{chair(split, n)}.binvox" for n in numbers]


def arranged(archives, copies=(), drop=False):
    """Of all grids different ones, but for pairs of paths and how they are alike."""
    pairing = pair_archives(*archives)
    digests = {pair.voxels: [pair.voxels] * 2 for pair in pairing.pairs}
    for first, second, mirrored in copies:
        digests[first][1] = digests[second][1]
        if not mirrored:
            digests[first][0] = digests[second][0]
    return pairing.arranged(digests, drop)


def names(pairing):
    return {split: [p.name for p in pairs] for split, pairs in pairing.splits.items()}


def test_every_tenth_train_name_validates_and_test_stays(folders):
    numbers = range(1, 26)
    pairing = arranged(
        folders(
            grids("train", numbers) + grids("test", [90]),
            views("train", numbers) + views("test", [90]),
        )
    )
    found = names(pairing)
    assert found["validation"] == ["chair_0001", "chair_0011", "chair_0021"]
    assert len(found["train"]) == 22
    assert found["test"] == ["chair_0090"]
    assert pairing.num_views == 2


@pytest.mark.parametrize("mirrored", [False, True])
def test_copies_validate_together(folders, mirrored):
    numbers = range(1, 12)
    files = grids("train", numbers), views("train", numbers)
    twins = grids("train", [1, 5])
    pairing = arranged(folders(*files), [(*twins, mirrored)])
    assert names(pairing)["validation"] == ["chair_0001", "chair_0005"]
    assert len(pairing.duplicates) == (not mirrored)


def test_a_validation_split_of_its_own_is_kept(folders):
    files = [kind("train", [1, 2]) + kind("val", [3]) for kind in (grids, views)]
    found = names(arranged(folders(*files)))
    assert found == {
        "train": ["chair_0001", "chair_0002"],
        "validation": ["chair_0003"],
    }


def test_views_are_in_the_order_of_their_numbers(folders):
    pairing = pair_archives(
        *folders(grids("train", [1]), views("train", [1], count=12))
    )
    (pair,) = pairing.splits["train"]
    assert [v[-7:-4] for v in pair.views] == [f"{k:03d}" for k in range(1, 13)]


def test_what_lacks_a_partner_is_listed(folders):
    pairing = pair_archives(
        *folders(grids("train", [1, 2, 3]), views("train", [2, 3, 4]))
    )
    assert pairing.without_views == ["chair/train/chair_0001"]
    assert pairing.without_voxels == ["chair/train/chair_0004"]
    report = pairing.report()
    assert "grids without views: 1\n  chair/train/chair_0001" in report
    assert "views without a grid: 1\n  chair/train/chair_0004" in report


def test_one_category_of_several(folders):
    archives = folders(
        ["chair/train/a.binvox", "desk/train/b.binvox"],
        ["chair/train/a_001.png", "desk/train/b_001.png"],
    )
    pairing = pair_archives(*archives, ["desk"])
    assert [p.name for p in pairing.splits["train"]] == ["b"]
    with pytest.raises(ValueError, match="No shape of category sofa has both"):
        pair_archives(*archives, ["desk", "sofa"])


def test_shapes_of_another_number_of_views_are_skipped(folders):
    missing = views("train", [1, 2, 3])[:-1]
    pairing = pair_archives(*folders(grids("train", [1, 2, 3]), missing))
    assert [pair.name[-1] for pair in pairing.pairs] == ["1", "2"]
    reason = "chair/train/chair_0003 has 1 views, but most shapes have 2"
    assert pairing.skipped == {f"root/{chair('train', 3)}_001.png": reason}


def test_the_same_shape_twice_is_skipped_and_named(folders):
    twice = [*grids("train", [1]), "copy/" + grids("train", [1])[0]]
    pairing = pair_archives(*folders(twice, views("train", [1])))
    assert [pair.voxels for pair in pairing.pairs] == twice[:1]
    assert pairing.skipped == {
        twice[1]: f"{twice[0]} is the same shape or view; remove one of them"
    }


def test_what_macos_adds_is_no_shape(folders):
    junk = "__MACOSX/chair/train/._chair_0001.binvox"
    pairing = pair_archives(*folders([*grids("train", [1]), junk], views("train", [1])))
    assert pairing.without_views == [] and pairing.skipped == {}
    assert f"ignored files, hidden or a system's own: 1 ({junk})" in pairing.report()


R2N2 = "03001627/1a38407b"


def test_the_layout_of_3d_r2n2_is_named(folders):
    archives = folders(
        [f"{R2N2}/model.binvox"], [f"{R2N2}/rendering/{k:02d}.png" for k in range(24)]
    )
    with pytest.raises(UserError, match=r"images passed over, .*: 24 .*R2N2") as error:
        pair_archives(*archives, ["chair"])
    assert "\n" not in str(error.value)


def test_images_without_a_number_are_told(folders):
    names = [*views("train", [1]), "chair/train/sheet.png"]
    report = pair_archives(*folders(grids("train", [1]), names)).report()
    assert "called NAME_001.png: 1 (chair/train/sheet.png)\n" in report


def test_identical_grids_are_told_and_one_is_kept_where_others_compare(folders):
    made = [kind("train", range(1, 5)) + kind("test", [9]) for kind in (grids, views)]
    archives = folders(*made)
    copies = [(*grids("train", [2]), *grids("test", [9]), False)]
    told = arranged(archives, copies)
    assert told.duplicates == [["test/chair_0009", "train/chair_0002"]]
    assert "identical shapes: 1, 1 of them across splits; --drop" in told.report()
    kept = arranged(archives, copies, drop=True)
    assert names(kept) == {
        "train": ["chair_0003", "chair_0004"],
        "validation": ["chair_0001"],
        "test": ["chair_0009"],
    }
    assert "copies dropped: 1" in kept.report()
