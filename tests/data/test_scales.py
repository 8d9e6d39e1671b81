"""Every shape's scale comes through files, old and new, and what is unknown is so."""

import dataclasses
import shutil

import numpy as np
import pytest
import trimesh

from data_prep.derived.deformed_file import deform_packed
from data_prep.prepare import prepare_archive, prepare_meshes
from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.parameters import sample_parameters
from tests.helpers import make_examples, write_packed
from vaegan_jax.data import inspection, packed_source
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.packing import pack
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.frames import known_or_estimated, scale_of_box
from vaegan_jax.shapes.voxel_files import encode_binvox

SCALES = np.array([0.6, np.nan, 0.75, 1.0], np.float32)


def some():
    return dataclasses.replace(make_examples(4, num_views=2), scales=SCALES)


def test_packed_files_keep_scales(tmp_path):
    path = tmp_path / "a.npz"
    packed_source.write(path, {"train": some()}, {})
    for with_views in (True, False):
        read = packed_source.read_split(path, "train", with_views)
        np.testing.assert_array_equal(read.scales, SCALES)
    np.testing.assert_array_equal(read.take([2, 1]).scales, SCALES[[2, 1]])


def test_files_of_before_know_none(tmp_path):
    write_packed(tmp_path / "old.npz", make_examples(3))
    old = packed_source.read_split(tmp_path / "old.npz", "train")
    assert old.scales is None and old.take([0]).scales is None
    nothing = dataclasses.replace(some(), scales=np.full(4, np.nan, np.float32))
    packed_source.write(tmp_path / "a.npz", {"train": nothing}, {})
    assert packed_source.read_split(tmp_path / "a.npz", "train").scales is None


@pytest.mark.parametrize(
    "scales", [np.ones(3, np.float32), np.ones(4), np.float32([1, 0, 1, 1]),
               np.float32([1, np.inf, 1, np.nan])]
)  # fmt: skip
def test_impossible_scales_are_damage(tmp_path, scales):
    path = tmp_path / "a.npz"
    packed_source.write(path, {"train": some()}, {})
    with np.load(path) as file:
        arrays = dict(file) | {"train/scales": scales}
    np.savez(path, **arrays)
    with pytest.raises(UserError, match="is damaged"):
        packed_source.read_split(path, "train")


def test_meshes_tell_theirs_and_so_does_what_is_packed_of_them(tmp_path):
    sides = {"a": (2.0, 1.0, 2.0), "b": (1.0, 1.0, 1.0), "c": (30.0, 40.0, 0.1)}
    folder = tmp_path / "meshes" / "chair" / "train"
    folder.mkdir(parents=True)
    for name, extents in sides.items():
        box = trimesh.creation.box(extents).apply_translation((5, 0, 1))
        box.export(folder / f"{name}.off")
    made = prepare_meshes(
        tmp_path / "meshes", tmp_path / "data", resolution=8, image_size=16
    )
    pack(made, tmp_path / "data.npz", image_size=16)
    for path in (made, tmp_path / "data.npz"):
        for split in ("train", "validation"):
            examples = open_split(path, split, 8, None)
            expected = [scale_of_box(sides[name]) for name in examples.names]
            np.testing.assert_allclose(examples.scales, expected, rtol=1e-6)
    bare = prepare_meshes(
        tmp_path / "meshes", tmp_path / "bare", resolution=8, camera=None
    )
    assert open_split(bare, "train", 8, None).scales is None


def test_directories_of_before_know_none(tmp_path):
    """They have no such feature."""
    import json

    from data_prep.mesh_folder.mesh_folder_dataset_builder_test import DUMMY

    made = prepare_meshes(DUMMY, tmp_path / "a", resolution=8, image_size=16)
    assert open_split(made, "train", 8, 16).scales is not None
    features = json.loads((made / "features.json").read_text())
    del features["featuresDict"]["features"]["scale"]
    (made / "features.json").write_text(json.dumps(features))
    assert open_split(made, "train", 8, 16).scales is None


def test_archives_tell_theirs_where_the_mesh_was_normalised(tmp_path):
    from data_prep.voxel_view_archive.voxel_view_archive_dataset_builder import Builder

    source = tmp_path / "source"
    shutil.copytree(Builder.code_path.parent / "dummy_data", source)
    grid = np.zeros((4, 4, 4), bool)
    grid[1:3] = True
    true = scale_of_box((1.5, 4.0, 4.0))
    for name, scale in (("1", true), ("2", 33.0), ("3", None)):
        path = source / "voxels" / "chair" / "train" / f"chair_000{name}.binvox"
        grid[0, 0, int(name)] = True  # no two alike
        path.write_bytes(encode_binvox(grid, scale))
    made = prepare_archive(source / "voxels", source / "views", tmp_path / "data")
    found = {}
    for split in ("train", "validation"):
        examples = open_split(made, split, 4, 16)
        scales = (
            [np.nan] * len(examples) if examples.scales is None else examples.scales
        )
        found |= dict(zip(examples.names, scales, strict=True))
    assert found.pop("chair_0001") == pytest.approx(true)
    assert len(found) == 2 and np.isnan(list(found.values())).all()


def test_copies_and_added_chairs_have_their_own(tmp_path):
    examples = dataclasses.replace(
        make_examples(3, num_views=1, resolution=32),
        scales=np.array([0.6, np.nan, 0.8], np.float32),
    )
    packed_source.write(tmp_path / "a.npz", {"train": examples}, {})
    deform_packed(tmp_path / "a.npz", tmp_path / "b.npz", copies=2, procedural=2)
    more = packed_source.read_split(tmp_path / "b.npz", "train")
    np.testing.assert_array_equal(more.scales[:3], examples.scales)
    copies, added = more.scales[3:-2], more.scales[-2:]
    assert len(copies) == 6 and len(np.unique(copies)) == 6
    for grid, scale in zip(more.voxels[3:-2], copies, strict=True):
        assert known_or_estimated(grid.astype(bool))[0] == pytest.approx(scale, 0.05)
    meshes = [build_chair(sample_parameters(i, 1)) for i in range(2)]
    expected = [scale_of_box(mesh.extents) for mesh in meshes]
    np.testing.assert_allclose(added, expected, rtol=1e-6)
    # Of a file that tells nothing, what is added alone is known.
    write_packed(tmp_path / "old.npz", make_examples(2, 1, resolution=32))
    deform_packed(tmp_path / "old.npz", tmp_path / "new.npz", copies=1)
    scales = packed_source.read_split(tmp_path / "new.npz", "train").scales
    assert np.isnan(scales).tolist() == [True, True, False, False]


def test_inspect_compares_outlines_at_the_known_scale(tmp_path, monkeypatch):
    packed_source.write(tmp_path / "a.npz", {"train": some()}, {})
    given = []
    monkeypatch.setattr(
        inspection,
        "likeness_when_turned",
        lambda *arguments: given.append(arguments[3]) or np.zeros(24),
    )
    inspection.report(tmp_path / "a.npz")
    np.testing.assert_array_equal(np.float32(given), SCALES)
