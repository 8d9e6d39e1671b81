"""3D-R2N2's archives become a data set whose views know their cameras."""

import gzip
import json
import os
import shutil
import tarfile

import numpy as np
import pytest

from data_prep.archives.archive import Archive
from data_prep.archives.listing import find_shapes
from data_prep.derived.r2n2_stand_in import write_shape
from data_prep.making.workshop import Workshop
from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.parameters import sample_parameters
from data_prep.r2n2_renders.layout import (
    LEFT_OUT,
    grid_contents,
    identify,
    in_order,
    read_cameras,
    read_splits,
)
from data_prep.r2n2_renders.make_example import (
    _TURN,
    RenderReader,
    first_in_archive,
)
from tests.helpers import assert_error
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.packing import pack
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.orientation import turn_grid
from vaegan_jax.shapes.random_cameras import RandomCameras
from vaegan_jax.shapes.silhouettes import likeness_when_turned

CHAIR, TABLE = "03001627", "04379243"
SIZE, VIEWS = 48, 4


def write(folder, synset, name, number):
    """A procedural chair as those archives have shapes; returns its cameras."""
    cameras = RandomCameras("r2n2", VIEWS).views(np.random.default_rng(number))
    mesh = build_chair(sample_parameters(number))
    write_shape(folder, synset, name, mesh, cameras, SIZE)
    return cameras


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Six chairs and two tables, their cameras and a split file."""
    folder = tmp_path_factory.mktemp("r2n2")
    cameras = {f"c{i}": write(folder, CHAIR, f"c{i}", number=i) for i in range(6)}
    for i in range(2):
        write(folder, TABLE, f"t{i}", number=10 + i)
    splits = [
        {"taxonomy_id": CHAIR, "train": ["c0", "c1", "c2"], "val": ["c3"]}
        | {"test": ["c4"]},
        {"taxonomy_id": TABLE, "train": ["t0"], "val": [], "test": ["t1"]},
    ]
    (folder / "ShapeNet.json").write_text(json.dumps(splits))
    return folder, cameras


def arguments(folder, output):
    return (
        *("r2n2", f"--voxels={folder / 'ShapeNetVox32'}", f"--output={output}"),
        f"--views={folder / 'ShapeNetRendering'}",
    )


def test_views_cameras_and_voxels_agree_and_splits_are_kept(written, run, tmp_path):
    folder, cameras = written
    split = f"--split={folder / 'ShapeNet.json'}"
    made = run(*arguments(folder, tmp_path / "a"), split, "--category=chair")
    assert made.returncode == 0, made.stderr
    assert "train: 3 shapes (3 chair)" in made.stdout and "c5" not in made.stdout
    pack(tmp_path / "a", tmp_path / "a.npz", image_size=32)
    for path, size in ((tmp_path / "a", SIZE), (tmp_path / "a.npz", 32)):
        found = {s: open_split(path, s, 32, size) for s in ("train", "validation")}
        assert sorted(found["train"].names) == ["c0", "c1", "c2"]
        assert found["validation"].names == ["c3"]
        for examples in found.values():
            for i, name in enumerate(examples.names):
                told = [ViewCamera(*row) for row in examples.cameras[i].tolist()]
                for one, other in zip(told, cameras[name], strict=True):
                    np.testing.assert_allclose(one.numbers, other.numbers, rtol=1e-5)
                grid, views = examples.voxels[i].astype(bool), examples.views[i]
                scale = float(examples.scales[i])
                likeness = likeness_when_turned(grid, views, told, scale)
                assert likeness.argmax() == 0 and likeness[0] > 0.8


def test_a_stand_in_is_read_as_the_archives_are(run, tmp_path):
    made = run("procedural", "--layout=r2n2", "--count=10", f"--output={tmp_path}")
    assert made.returncode == 0 and made.stdout.strip() == str(tmp_path), made.stderr
    header = next(tmp_path.rglob("model.binvox")).read_bytes().split(b"data")[0]
    scale = float(header.split(b"scale ")[1])
    assert 0.57 < scale < 1 and b"translate -0." in header
    split = f"--split={tmp_path / 'ShapeNet.json'}"
    read = run(*arguments(tmp_path, tmp_path / "out"), split)
    assert read.returncode == 0, read.stderr
    sizes = {"train": 7, "validation": 1, "test": 2}
    found = []
    for name, size in sizes.items():
        examples = open_split(tmp_path / "out", name, 32, 137)
        assert len(examples) == size and examples.views.shape[1] == 24
        assert np.isfinite(examples.scales).all()
        found += examples.scales.tolist()
    assert any(abs(one - scale) < 1e-6 for one in found)
    told = run("inspect", f"--data_dir={tmp_path / 'out'}")
    assert told.returncode == 0 and "warning" not in told.stdout
    again = run("procedural", "--layout=r2n2", "--count=10", f"--output={tmp_path}")
    assert_error(again, "ShapeNetRendering exists; choose another --output")
    few = run("procedural", "--layout=r2n2", "--count=9", f"--output={tmp_path}")
    assert_error(few, "--count is 9; give 10 or more")
    assert_error(run("procedural", "--layout=r2n2"), "--layout needs the folder")
    for wrong in (["--layout=r2n2", "--resolution=64", "--output=x"], ["--count=12"]):
        assert_error(run("procedural", *wrong), "leave", "out")


def test_tars_give_what_folders_do_and_all_categories_are_taken(written, run, tmp_path):
    folder, _ = written
    tars(folder, tmp_path)
    archives = (
        *("r2n2", f"--voxels={tmp_path / 'ShapeNetVox32.tgz'}", "--category=all"),
        f"--views={tmp_path / 'ShapeNetRendering.tgz'}",
    )
    made = run(*archives, f"--output={tmp_path / 'a'}", "--seed=1")
    plain = run(*arguments(folder, tmp_path / "b"), "--seed=1")
    assert made.returncode == plain.returncode == 0, made.stderr + plain.stderr
    assert "6 shapes (4 chair, 2 table)" in made.stdout
    for split in ("train", "validation", "test"):
        one, other = (open_split(tmp_path / x, split, 32, SIZE) for x in "ab")
        assert one.names == other.names and one.categories == other.categories
        for field in ("voxels", "views", "cameras", "scales"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
    total = sum(len(open_split(tmp_path / "a", s, 32, SIZE)) for s in ("train", "test"))
    assert total + len(open_split(tmp_path / "a", "validation", 32, SIZE)) == 8


def test_shapes_that_cannot_be_used_are_named(written, run, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(written[0], folder)
    renders, grids = folder / "ShapeNetRendering" / CHAIR, folder / "ShapeNetVox32"
    (renders / "c1/rendering/02.png").unlink()
    (grids / CHAIR / "c2/model.binvox").unlink()
    metadata = renders / "c3/rendering/rendering_metadata.txt"
    metadata.write_text("1 2 3\n")
    turned = renders / "c4/rendering/rendering_metadata.txt"
    turned.write_text("0 30 5 1 25\n" * VIEWS)
    picture = renders / "c5/rendering/01.png"
    picture.write_bytes(picture.read_bytes()[:200])
    made = run(*arguments(folder, tmp_path / "out"), "--category=chair")
    assert made.returncode == 0, made.stderr
    for part in (
        "train: 1 shapes (1 chair)\nskipped files: 5",
        f"  {CHAIR}/c1: 02.png is missing, which its rendering_metadata.txt tells of\n",
        f"  {CHAIR}/c3: rendering_metadata.txt: the file is damaged: a line has not 5",
        f"  {CHAIR}/c2: there is no grid of {CHAIR}/c2 in",
        f"  {CHAIR}/c4: rendering_metadata.txt: a camera is turned by 5.0° about its",
        f"  {CHAIR}/c5: 01.png is no whole picture",
    ):
        assert part in made.stdout, part


@pytest.mark.parametrize(
    "content, message",
    [("{", "is no list of taxonomies"), ('[{"id": 3}]', "is no list of taxonomies")],
)
def test_a_wrong_split_file_is_named(written, run, tmp_path, content, message):
    (tmp_path / "split.json").write_text(content)
    arguments_ = arguments(written[0], tmp_path / "out")
    made = run(*arguments_, f"--split={tmp_path / 'split.json'}")
    assert_error(made, "split.json", message, "leave --split out")
    assert_error(run(*arguments_, f"--split={tmp_path / 'none'}"), "No such file")
    (tmp_path / "split.json").write_text('[{"taxonomy_id": "1", "train": ["a"]}]')
    made = run(*arguments_, f"--split={tmp_path / 'split.json'}")
    assert_error(made, "names none of the shapes that are there")


def test_nothing_of_that_layout(run, tmp_path):
    (tmp_path / "a.txt").touch()
    made = run("r2n2", f"--voxels={tmp_path}", f"--views={tmp_path}", "--output=x")
    assert_error(made, "holds no rendering_metadata.txt file")


def test_splits_and_names_by_hand(tmp_path):
    path = f"ShapeNetRendering/{CHAIR}/abc/rendering/rendering_metadata.txt"
    assert (identify(path).category, identify(path).name) == ("chair", "abc")
    assert identify(path, {f"{CHAIR}/abc": "test"}).split == "test"
    assert identify(path, {}).split == LEFT_OUT
    assert identify("rendering_metadata.txt").split == LEFT_OUT
    assert identify(path.replace("/rendering_", "/old_rendering_")).split == LEFT_OUT
    with pytest.raises(UserError, match="x: the file is empty"):
        read_cameras(b"", "x")
    file = tmp_path / "s.json"
    file.write_text(json.dumps([{"taxonomy_id": "1", "val": ["a"], "test": ["b"]}]))
    assert read_splits(file) == {"1/a": "validation", "1/b": "test"}


def test_frames_by_hand():
    """Azimuth 0 sees the front, at +x there; theirs run the other way round."""
    content = b"0 30 0 1 25\n90 25 0 0.8 25\n"
    front, side = read_cameras(content, "x")
    np.testing.assert_allclose(front.numbers, [0, 30, 1.75, 49.134])
    np.testing.assert_allclose(side.numbers, [270, 25, 1.4, 49.134])
    theirs = np.zeros((4, 4, 4), bool)
    theirs[3, 2, 0] = True  # in front, above the middle, at low z
    ours = turn_grid(theirs, _TURN)
    # The front is at low y; low z there is the right side, +x, as one looks at it.
    assert np.argwhere(ours).tolist() == [[3, 0, 2]]


def tars(folder, where):
    paths = []
    for name in ("ShapeNetVox32", "ShapeNetRendering"):
        paths.append(where / f"{name}.tgz")
        with tarfile.open(paths[-1], "w:gz") as tar:
            tar.add(folder / name, name)
    return paths


def test_compressed_tars_are_read_forwards(written, tmp_path, monkeypatch):
    """A step back would decompress all from the start: 12 GB for every shape."""
    voxels, views = tars(written[0], tmp_path)
    back = []
    rewind = gzip._GzipReader._rewind
    monkeypatch.setattr(
        gzip._GzipReader, "_rewind", lambda self: back.append(1) or rewind(self)
    )
    with Archive(views) as renders, Archive(voxels) as grids:
        files = find_shapes(renders, ("rendering_metadata.txt",), (), identify).files
        files = [first_in_archive(renders, file) for file in files]
        files.sort(key=lambda file: renders.position(file.path))
        grid_contents(grids)
        back.clear()
        reader = RenderReader(str(voxels), 32, SIZE, VIEWS)
        for file in files:
            reader(renders, file, renders.read(file.path))
        assert sum(back) <= 2  # the first read of each goes to the beginning
        assert len(in_order(renders)) == 8


def test_what_changed_since_is_made_anew(written, run, tmp_path):
    """Neither an interrupted run's shapes nor a finished set pass for other files."""
    folder = tmp_path / "copy"
    shutil.copytree(written[0], folder)
    options = (
        *arguments(folder, tmp_path / "a"),
        f"--split={folder / 'ShapeNet.json'}",
    )
    assert run(*options).returncode == 0
    assert run(*options).returncode == 0  # the same files
    metadata = next(folder.rglob("c1/rendering/rendering_metadata.txt"))
    before = metadata.read_text()
    for change in (
        lambda: metadata.write_text(before.replace(" 0 ", " 0  ")),
        lambda: next(folder.rglob("c1/model.binvox")).touch(),
        lambda: (folder / "ShapeNet.json").write_text(
            (folder / "ShapeNet.json").read_text().replace('"val"', '"test"', 1)
        ),
    ):
        change()
        assert_error(
            run(*options), "holds a data set made with other settings or files"
        )
        shutil.rmtree(tmp_path / "a")
        assert run(*options).returncode == 0
    maker = RenderReader(str(folder / "ShapeNetVox32"), 32, SIZE, VIEWS)
    workshop = Workshop(folder / "ShapeNetRendering", tmp_path / "work", maker)
    (tmp_path / "work").mkdir()
    with Archive(folder / "ShapeNetRendering") as renders:
        files = find_shapes(renders, ("rendering_metadata.txt",), (), identify).files
        file = first_in_archive(renders, files[0])
    stored = [workshop(file).stored, workshop(file).stored]
    assert stored[0] == stored[1]
    picture = folder / "ShapeNetRendering" / file.path
    os.utime(picture.with_name("03.png"), (0, 0))
    assert workshop(file).stored != stored[0]


def test_an_odd_first_shape_spoils_nothing(written, run, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(written[0], folder)
    renders = folder / "ShapeNetRendering" / CHAIR
    metadata = renders / "c0/rendering/rendering_metadata.txt"
    metadata.write_text("".join(metadata.read_text().splitlines(keepends=True)[1:]))
    (renders / "c1/rendering/00.png").write_bytes(b"no picture")
    made = run(*arguments(folder, tmp_path / "out"), "--category=chair")
    assert made.returncode == 0, made.stderr
    assert "skipped files: 2" in made.stdout
    assert "it has 3 views, but most shapes 4" in made.stdout


def test_real_renders_keep_their_colours(real_data, run, tmp_path):
    """And are, as grey, bit for bit what grey ones are."""
    for name, more in (("grey", []), ("colour", ["--channels=3"])):
        made = run(*arguments(real_data / "r2n2", tmp_path / name), *more)
        assert made.returncode == 0, made.stderr
    colour = open_split(tmp_path / "colour", "train", 32, 137, channels=3).views
    assert colour.shape[-1] == 3 and np.ptp(colour, axis=-1).max() > 60
    read, grey = (
        open_split(tmp_path / x, "train", 32, 137) for x in ("colour", "grey")
    )
    np.testing.assert_array_equal(read.views, grey.views)


def test_real_renders_and_grids_agree(real_data, run, tmp_path):
    """In no other of 24 orientations do outlines agree nearly as well."""
    folder = real_data / "r2n2"
    made = run(*arguments(folder, tmp_path / "a"), "--category=chair")
    assert made.returncode == 0, made.stderr
    for split in ("train", "validation"):
        examples = open_split(tmp_path / "a", split, 32, 137)
        cameras = [ViewCamera(*row) for row in examples.cameras[0].tolist()]
        grid, views = examples.voxels[0].astype(bool), examples.views[0]
        assert views.shape[0] == 24
        scale = float(examples.scales[0])
        likeness = likeness_when_turned(grid, views, cameras, scale)
        assert likeness[0] > 0.85 and likeness[0] > np.sort(likeness)[-2] + 0.1
        # The scale of the file is better than what the grid's box tells.
        assert likeness[0] > likeness_when_turned(grid, views, cameras)[0] + 0.01
        for wrong in (0.93 * scale, 1.07 * scale):
            seen = likeness_when_turned(grid, views, cameras, wrong)
            assert seen[0] < likeness[0]
        # As if azimuths ran the other way round, or began elsewhere.
        for sign, offset in ((-1, 0), (1, 90), (1, 180), (1, 270)):
            wrong = [
                ViewCamera(sign * c.azimuth_degrees + offset, *c.numbers[1:].tolist())
                for c in cameras
            ]
            turned = likeness_when_turned(grid, views, wrong, scale)
            assert turned[0] < likeness[0] - 0.1
