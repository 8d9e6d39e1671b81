"""What inspection tells of a data set is what is in it."""

import pathlib
import tarfile
import zipfile

import numpy as np
import pytest
import trimesh
from PIL import Image

from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.parameters import sample_parameters
from tests.helpers import assert_error, make_examples, write_packed
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.examples import Examples, no_views
from vaegan_jax.data.inspection import draw, report
from vaegan_jax.data.packing import pack
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.render import render_views
from vaegan_jax.shapes.voxel_files import read_binvox
from vaegan_jax.shapes.voxelize import voxelize


@pytest.fixture
def packed(tmp_path):
    """Four random shapes, the fourth as the first, in two splits alike."""
    examples = make_examples(count=4)
    examples.voxels[3] = examples.voxels[0]
    write_packed(tmp_path / "data.npz", examples, splits=("train", "test"))
    return tmp_path / "data.npz"


def test_a_packed_file(packed):
    told = report(packed)
    share = make_examples(count=4).voxels[:3].reshape(3, -1).mean(axis=1)
    assert "train: 4 shapes of 8³, 4 views each" in told
    assert f"from {share.min():.1%} to {share.max():.1%}; 0 empty, 0 full" in told
    assert "identical shapes: 0 within a split, 3 across splits" in told
    first = "train/shape_0 = train/shape_3 = test/shape_0 = test/shape_3"
    assert first in told
    assert "made by: nothing is recorded" in told
    picture = Image.open(draw(packed, num_shapes=4))
    assert packed.with_suffix(".contact_sheet.png").exists()
    assert picture.width == 8 * 132 + 4  # four views, each beside its voxels


@pytest.mark.parametrize(
    "facts, helps", [({}, False), ({"drop_duplicates": False}, True)]
)
def test_an_option_against_copies_is_told_where_there_is_one(tmp_path, facts, helps):
    examples = make_examples(2)
    examples.voxels[1] = examples.voxels[0]
    write_packed(tmp_path / "data.npz", examples, ("train",), **facts)
    told = report(tmp_path / "data.npz")
    assert "identical shapes: 1 within a split, 0 across" in told
    assert ("--drop_duplicates" in told) is helps


def test_the_sheet_of_a_packed_file_has_its_last_shapes_too(tmp_path):
    """Deformed copies follow the originals."""
    examples = make_examples(count=9)
    examples.views[:8] = 255
    examples.views[8] = 0
    write_packed(tmp_path / "data.npz", examples, splits=("train",))
    sheet = np.asarray(
        Image.open(draw(tmp_path / "data.npz", num_shapes=2)).convert("L")
    )
    rows = np.array_split(sheet[:, 4:132], 2)  # the first views of two shapes
    dark = [(row < 10).mean() for row in rows]
    assert dark[0] < 0.1 < 0.7 < dark[1]


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
    same = report(tmp_path / "set.npz").splitlines()
    assert same == result.stdout.splitlines()[:-1]
    for path in ("set", "set.npz"):
        read = open_split(tmp_path / path, "train", 32, 16)
        assert read.categories == ["chair"] * 2


def test_the_report_is_there_before_the_picture_is_drawn(run, packed):
    result = run("inspect", f"--data_dir={packed}", f"--picture={packed}/below.png")
    assert "train: 4 shapes" in result.stdout
    assert_error(result, f"{packed}: File exists")


def test_an_original_that_is_there_several_times_is_named_once(tmp_path):
    """Deformed files repeat their originals."""
    grid = make_examples(count=1, num_views=0).voxels
    some = Examples(list("aab"), np.repeat(grid, 3, axis=0), no_views(3))
    write_packed(tmp_path / "deformed.npz", some, ("train",))
    assert "  train/a = train/b" in report(tmp_path / "deformed.npz").splitlines()


def test_rotations_of_an_object_are_no_duplicates(run, tmp_path):
    """A ball looks the same from all sides; two of them are duplicates."""
    ball = make_examples(count=1, num_views=0).voxels
    names = [f"chair_00000000{k // 3}_{k % 3}" for k in range(6)]
    some = Examples(names, np.repeat(ball, 6, axis=0), no_views(6))
    some.voxels[3:, 0, 0, 0] ^= 1
    facts = {"source": "volumetric_grids"}
    write_packed(tmp_path / "two.npz", some, ("train",), **facts)
    assert "shapes: 0 within a split, 0 across" in report(tmp_path / "two.npz")
    some.voxels[:] = ball
    write_packed(tmp_path / "one.npz", some, ("train",), **facts)
    assert "shapes: 1 within a split, 0 across" in report(tmp_path / "one.npz")
    write_packed(tmp_path / "other.npz", some, ("train",), source="mesh_folder")
    assert "shapes: 1 within a split, 0 across" in report(tmp_path / "other.npz")


@pytest.mark.parametrize("elevation", [-40.0, 30.0, 70.0])
def test_voxels_are_drawn_from_where_the_views_were_taken(tmp_path, elevation):
    """The silhouettes of a box as a view and as voxels coincide from each elevation."""
    box = trimesh.creation.box((1, 1, 1))
    camera = Camera(4, elevation)
    views = render_views(box, camera, 64)[None, ..., None]
    some = Examples(["box"], np.ones((1, 8, 8, 8), np.uint8), views)
    facts = {"camera": camera.to_dict()}
    write_packed(tmp_path / "data.npz", some, ("train",), **facts)
    sheet = np.asarray(Image.open(draw(tmp_path / "data.npz")).convert("L"))[22 + 4 :]
    seen, drawn = (sheet[20:128, x : x + 128] < 250 for x in (4, 4 + 132))
    assert (seen & drawn).sum() / (seen | drawn).sum() > 0.8


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
        draw(packed, tmp_path / name)


def test_empty_and_full_grids_are_counted(tmp_path):
    some = make_examples(count=3, num_views=1)
    some.voxels[0], some.voxels[1] = 0, 1
    write_packed(tmp_path / "data.npz", some)
    assert "1 empty, 1 full" in report(tmp_path / "data.npz")
    draw(tmp_path / "data.npz", tmp_path / "a" / "b.png")
    assert (tmp_path / "a" / "b.png").exists()


@pytest.fixture(scope="module")
def chairs():
    """Procedural ones, from five cameras that are lower than usual."""
    camera = Camera(5, elevation_degrees=15.0)
    meshes = [build_chair(sample_parameters(index, 0)) for index in range(3)]
    views = np.stack([render_views(mesh, camera, 64, 1) for mesh in meshes])
    grids = np.stack([voxelize(mesh, 16) for mesh in meshes]).astype(np.uint8)
    return camera, Examples(list("abc"), grids, views[..., None])


@pytest.mark.parametrize(
    "axes, quarters, told",
    [
        ((1, 2), 0, None),
        ((2, 3), 1, "3 of 3 shapes lie on a side or their backs, unlike their views"),
        ((2, 3), 3, "3 of 3 shapes lie on a side or their backs"),
        ((1, 3), 2, "3 of 3 shapes stand on their heads"),
        ((1, 2), 1, "3 of 3 shapes face another way than their views show"),
        ((1, 2), 2, "3 of 3 shapes face another way"),
    ],
)
def test_shapes_that_are_turned_are_warned_of(tmp_path, chairs, axes, quarters, told):
    camera, some = chairs
    turned = np.rot90(some.voxels, quarters, axes)
    turned = Examples(some.names, np.ascontiguousarray(turned), some.views)
    facts = {"camera": camera.to_dict()}
    write_packed(tmp_path / "data.npz", turned, ("train",), **facts)
    lines = report(tmp_path / "data.npz").splitlines()
    warned = [line for line in lines if line.startswith("warning: ")]
    assert len(warned) == bool(told) and all(told in line for line in warned)


def test_views_of_real_chairs_agree_with_their_voxels(real_data, tmp_path):
    """Also where no camera is recorded; and lying as y-up grids do, they do not."""
    zipped = zipfile.ZipFile(real_data / "modelnet10_chairs_binvox32.zip")
    names = [f"chair_{number:04d}" for number in (2, 59, 300, 700)]
    with zipped, tarfile.open(real_data / "modelnet40v1png_chairs.tar") as images:
        grids = [read_binvox(zipped.read(f"chair/train/{n}.binvox")) for n in names]
        views = [
            [
                Image.open(
                    images.extractfile(f"modelnet40v1png/chair/train/{n}_{k}.png")
                )
                for k in ("001", "004", "007", "010")
            ]
            for n in names
        ]
        views = np.array([[np.asarray(view) for view in some] for some in views])
    upright = Examples(names, np.array(grids, np.uint8), views[..., None])
    write_packed(tmp_path / "data.npz", upright, ("train",))
    assert "warning" not in report(tmp_path / "data.npz")
    lying = np.ascontiguousarray(np.rot90(upright.voxels, 1, (2, 3)))
    lying = Examples(names, lying, upright.views)
    write_packed(tmp_path / "lying.npz", lying, ("train",))
    assert "warning: the voxels of 4 of 4 shapes lie" in report(tmp_path / "lying.npz")


def test_without_views(tmp_path):
    some = make_examples(count=3)
    some = Examples(some.names, some.voxels, np.zeros((3, 0, 0, 0, 1), np.uint8))
    write_packed(tmp_path / "data.npz", some)
    assert "3 shapes of 8³, no views" in report(tmp_path / "data.npz")


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        report(tmp_path / "none")
    with pytest.raises(UserError, match="no prepared data sets"):
        report(tmp_path)
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(UserError, match="not a packed data set"):
        report(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    with pytest.raises(UserError, match=r"other\.npz is not a data set"):
        report(tmp_path / "other.npz")
    (tmp_path / "meshes.zip").write_text("hello")
    with pytest.raises(UserError, match=r"meshes\.zip is neither the directory of a"):
        report(tmp_path / "meshes.zip")
