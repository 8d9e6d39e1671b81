"""Every view's camera comes through files, old and new, and what is unknown is so."""

import dataclasses

import numpy as np
import pytest

from data_prep.derived.deformed_file import deform_packed
from data_prep.derived.view_jitter import jittered
from data_prep.prepare import prepare_meshes
from tests.helpers import assert_error, make_examples, write_packed
from vaegan_jax.data import inspection, packed_source
from vaegan_jax.data.dataset import check_views, open_split
from vaegan_jax.data.packing import pack
from vaegan_jax.data.provenance import read_provenance
from vaegan_jax.data.view_cameras import known_or_usual, recorded_ring
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera, ViewCamera, numbers_of
from vaegan_jax.shapes.silhouettes import likeness_when_turned

RING = Camera(3, elevation_degrees=10.0, distance=2.0)


def some(count=4, seed=0):
    rng = np.random.default_rng(seed)
    examples = make_examples(count, num_views=3, resolution=32)
    cameras = rng.uniform((0, -60, 1, 15), (360, 60, 3, 60), (count, 3, 4))
    return dataclasses.replace(examples, cameras=cameras.astype(np.float32))


def test_packed_files_keep_the_camera_of_every_view(tmp_path):
    examples = some()
    packed_source.write(tmp_path / "a.npz", {"train": examples}, {})
    read = packed_source.read_split(tmp_path / "a.npz", "train")
    np.testing.assert_array_equal(read.cameras, examples.cameras)
    np.testing.assert_array_equal(read.take([2, 0]).cameras, examples.cameras[[2, 0]])
    assert packed_source.read_split(tmp_path / "a.npz", "train", False).cameras is None


def test_the_ring_of_older_files_becomes_cameras(tmp_path):
    names = ["a", "b_deformed_0", "procedural_00000"]
    examples = dataclasses.replace(make_examples(3, num_views=3), names=names)
    for facts, unknown in (
        ({}, []),
        ({"deformed": {"copies": 1}}, []),
        ({"deformed": {"copies": 1, "jitter": True}}, [1, 2]),
    ):
        path = tmp_path / "old.npz"
        write_packed(path, examples, camera=RING.to_dict(), **facts)
        cameras = packed_source.read_split(path, "train").cameras
        expected = np.tile(numbers_of(RING.views()), (3, 1, 1))
        expected[unknown] = np.nan
        np.testing.assert_allclose(cameras, expected, rtol=1e-6)
    write_packed(path, examples, source="an archive")  # that tells no camera
    assert packed_source.read_split(path, "train").cameras is None
    write_packed(path, examples, camera={"lens": "fish eye"})  # somebody else's
    assert packed_source.read_split(path, "train").cameras is None
    with pytest.raises(UserError, match=r"records no known camera: .*fish eye"):
        recorded_ring({"camera": {"lens": "fish eye"}}, 3)


@pytest.mark.parametrize(
    "cameras", [np.zeros((4, 2, 4), np.float32), np.zeros((4, 3, 4)), np.zeros(0)]
)
def test_impossible_cameras_are_damage(tmp_path, cameras):
    path = tmp_path / "a.npz"
    examples = some()
    packed_source.write(path, {"train": examples}, {})
    with np.load(path) as file:
        arrays = dict(file) | {"train/cameras": cameras}
    np.savez(path, **arrays)
    with pytest.raises(UserError, match="is damaged"):
        packed_source.read_split(path, "train")


def test_directories_tell_their_ring_and_so_does_what_is_packed_of_them(tmp_path):
    from data_prep.mesh_folder.mesh_folder_dataset_builder_test import DUMMY

    settings = {"resolution": 8, "image_size": 16, "camera": RING}
    made = prepare_meshes(DUMMY, tmp_path / "data", **settings)
    pack(made, tmp_path / "data.npz", image_size=16)
    for path in (made, tmp_path / "data.npz"):
        cameras = open_split(path, "train", 8, 16).cameras
        expected = np.tile(numbers_of(RING.views()), (len(cameras), 1, 1))
        np.testing.assert_allclose(cameras, expected, rtol=1e-6)
    assert open_split(made, "train", 8, None).cameras is None


def test_copies_are_seen_from_the_cameras_of_their_own_shape(tmp_path):
    examples = some(3)
    examples.cameras[2] = np.nan
    packed_source.write(tmp_path / "a.npz", {"train": examples}, {})
    deform_packed(tmp_path / "a.npz", tmp_path / "b.npz", copies=1, procedural=4)
    more = packed_source.read_split(tmp_path / "b.npz", "train")
    usual = numbers_of(Camera(3).views()).astype(np.float32)
    own = [examples.cameras[0], examples.cameras[1], usual]
    expected = [*examples.cameras, *own, *(own[i % 3] for i in range(4))]
    np.testing.assert_allclose(more.cameras, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", ["ring", "random", "r2n2"])
def test_copies_may_be_seen_from_new_cameras(run, tmp_path, kind):
    examples = some(3)
    packed_source.write(tmp_path / "a.npz", {"train": examples}, {})
    options = (f"--packed={tmp_path / 'a.npz'}", f"--cameras={kind}", "--procedural=2")
    read = []
    for name, seed in (("b", 0), ("c", 0), ("d", 1)):
        output = tmp_path / f"{name}.npz"
        more = (f"--output={output}", "--copies=2", f"--seed={seed}")
        made = run("deform", *options, *more)
        assert made.returncode == 0, made.stderr
        read.append(packed_source.read_split(output, "train"))
    first, same, other = (file.cameras for file in read)
    np.testing.assert_array_equal(first, same)
    np.testing.assert_array_equal(read[0].views, read[1].views)
    np.testing.assert_array_equal(first[:3], examples.cameras)
    if kind == "ring":
        usual = np.float32(numbers_of(Camera(3).views()))
        np.testing.assert_array_equal(first[3:], np.tile(usual, (8, 1, 1)))
        return
    assert len(np.unique(first[3:, :, 0])) == 24  # no two of eight shapes alike
    assert not np.isin(first[3:, :, 0], other[3:, :, 0]).any()
    if kind == "r2n2":
        assert (first[3:, :, 3] == np.float32(49.134)).all()
    cameras = [ViewCamera(*numbers) for numbers in first[-1].tolist()]
    grid, views = read[0].voxels[-1].astype(bool), read[0].views[-1]
    likeness = likeness_when_turned(grid, views, cameras, float(read[0].scales[-1]))
    assert likeness[0] > 0.7
    assert read_provenance(tmp_path / "b.npz")["deformed"]["cameras"] == kind


def test_what_is_random_cannot_be_jittered(run, tmp_path):
    packed_source.write(tmp_path / "a.npz", {"train": some(1)}, {})
    options = (f"--packed={tmp_path / 'a.npz'}", f"--output={tmp_path / 'b.npz'}")
    made = run("deform", *options, "--cameras=r2n2", "--jitter")
    assert_error(made, "'r2n2' are at random already", "leave --jitter out")
    made = run("deform", *options, "--cameras=ring", "--jitter", "--copies=1")
    assert made.returncode == 0, made.stderr
    cameras = packed_source.read_split(tmp_path / "b.npz", "train").cameras[1]
    beside = np.abs(cameras - numbers_of(Camera(3).views()))
    assert (beside > 0).all() and (beside[:, 0] <= 15).all()
    with pytest.raises(UserError, match="cameras are 'fish'; give random or r2n2"):
        deform_packed(tmp_path / "a.npz", tmp_path / "c.npz", cameras="fish")


def test_inspect_looks_from_every_views_camera(tmp_path, monkeypatch):
    examples = some(2)
    examples.cameras[1, 0, 0] = np.nan
    packed_source.write(tmp_path / "a.npz", {"train": examples}, {})
    given = []
    monkeypatch.setattr(
        inspection,
        "draw_contact_sheet",
        lambda *arguments: given.extend(arguments[3]) or examples_picture(),
    )
    inspection.draw(tmp_path / "a.npz", tmp_path / "a.png")
    assert given[0] == [ViewCamera(*row) for row in examples.cameras[0].tolist()]
    assert given[1] == Camera(3).views() == known_or_usual(None, 3)


def examples_picture():
    from PIL import Image

    return Image.new("RGB", (4, 4))


@pytest.mark.parametrize("kind", ["random", "r2n2"])
def test_meshes_may_be_seen_from_random_cameras(run, tmp_path, kind):
    from data_prep.mesh_folder.mesh_folder_dataset_builder_test import DUMMY

    options = (f"--input={DUMMY}", "--image_size=48", f"--cameras={kind}")
    for name, more in (("a", ()), ("b", ()), ("c", ("--seed=1",))):
        made = run("meshes", *options, f"--output={tmp_path / name}", *more)
        assert made.returncode == 0, made.stderr
    read = [open_split(tmp_path / name, "train", 32, 48) for name in "abc"]
    np.testing.assert_array_equal(read[0].views, read[1].views)
    np.testing.assert_array_equal(read[0].cameras, read[1].cameras)
    assert (read[0].cameras[..., 0] != read[2].cameras[..., 0]).all()
    assert (read[0].cameras[0, :, 0] != read[0].cameras[1, :, 0]).all()
    for grid, views, row in zip(
        read[0].voxels.astype(bool), read[0].views, read[0].cameras, strict=True
    ):
        cameras = [ViewCamera(*numbers) for numbers in row.tolist()]
        likeness = likeness_when_turned(grid, views, cameras)
        assert likeness[0] > 0.9
    told = run("inspect", f"--data_dir={tmp_path / 'a'}")
    assert f"cameras (kind {kind}, num_views 12)" in told.stdout


def test_a_ring_s_options_are_of_a_ring(run, tmp_path):
    options = (f"--input={tmp_path}", f"--output={tmp_path / 'a'}")
    made = run("meshes", *options, "--cameras=random", "--elevation=10")
    assert_error(made, "--elevation and --distance are of a ring", "leave them out")


def test_procedural_chairs_may_be_seen_from_random_cameras(tmp_path):
    from data_prep.procedural_chairs import procedural_chairs_dataset_builder as chairs

    config = dataclasses.replace(chairs.configuration(32, 64, "random"), total=10)
    assert config.name == "r32_v64_random"
    builder = chairs.Builder(config=config, data_dir=tmp_path)
    builder.download_and_prepare()
    examples = open_split(builder.data_dir, "train", 32, 64)
    assert examples.cameras.shape == (8, 12, 4) and np.isfinite(examples.cameras).all()
    with pytest.raises(UserError, match=r"heads of config\.model\.azimuths need the"):
        check_views(examples, 12, azimuths=12)
    check_views(examples, 12, azimuths=0)


@pytest.mark.parametrize(
    "cameras, name",
    [("ring", "r32_v64"), ("random", "r32_v64_random"), ("r2n2", "r32_v64_r2n2")],
)
def test_every_kind_of_procedural_chairs_can_be_built(
    tmp_path, monkeypatch, cameras, name
):
    from data_prep import prepare

    monkeypatch.setattr(prepare.tfds_tools, "build", lambda builder: builder)
    builder = prepare.prepare_procedural(tmp_path, cameras=cameras)
    assert builder.builder_config.name == name
    assert builder.builder_config.total == 1200


def test_telling_cameras_needs_some_that_are_known():
    examples = dataclasses.replace(make_examples(3, num_views=3), cameras=None)
    with pytest.raises(UserError, match="needs views of known cameras, but the data"):
        check_views(examples, 2, azimuths=24, heads=False)
    cameras = np.full((3, 3, 4), np.nan, np.float32)
    # Of shipped weights, which tell cameras, 0 would be refused the next time.
    with pytest.raises(UserError, match=r"unless config\.train\.initial_model has"):
        check_views(dataclasses.replace(examples, cameras=cameras), 2, 24, heads=False)
    cameras[1] = 30.0
    check_views(dataclasses.replace(examples, cameras=cameras), 2, 24, heads=False)


def test_azimuths_may_be_told_of_rings_and_of_what_is_near_them():
    examples = dataclasses.replace(make_examples(3, num_views=3), cameras=None)
    check_views(examples, 3, azimuths=3)
    ring = np.tile(numbers_of(RING.views()), (3, 1, 1)).astype(np.float32)
    ring[..., 0] += np.array([-25, 0, 25])[:, None]
    ring[2, 0] = np.nan
    check_views(dataclasses.replace(examples, cameras=ring), 3, azimuths=3)
    for count in (3, 40):
        near = [
            numbers_of(jittered(Camera(12).views(), np.random.default_rng(i)))
            for i in range(count)
        ]
        many = make_examples(count, num_views=12)
        many = dataclasses.replace(many, cameras=np.float32(near))
        check_views(many, 12, azimuths=12)


def test_heads_are_of_a_ring_that_begins_in_front():
    ring = np.tile(numbers_of(Camera(4).views()), (2, 1, 1)).astype(np.float32)
    examples = make_examples(2, num_views=4)
    check_views(dataclasses.replace(examples, cameras=ring), 4, azimuths=4)
    for other in (ring[:, ::-1], np.roll(ring, 1, axis=1)):
        with pytest.raises(UserError, match="begins in front and goes round counter-"):
            check_views(dataclasses.replace(examples, cameras=other), 4, azimuths=4)


@pytest.mark.parametrize("number, value", [(1, 90), (2, 0.5), (3, 0), (0, np.inf)])
def test_cameras_that_no_camera_can_be_are_damage(tmp_path, number, value):
    cameras = np.tile(numbers_of(Camera(4).views()), (3, 1, 1)).astype(np.float32)
    cameras[1, 2] = np.nan  # not known
    examples = dataclasses.replace(make_examples(3), cameras=cameras)
    packed_source.write(tmp_path / "a.npz", {"train": examples}, {})
    assert open_split(tmp_path / "a.npz", "train", 8, 32).cameras.shape == (3, 4, 4)
    cameras[0, 1, number] = value
    packed_source.write(tmp_path / "b.npz", {"train": examples}, {})
    with pytest.raises(UserError, match="is not a packed data set or is damaged"):
        open_split(tmp_path / "b.npz", "train", 8, 32)
