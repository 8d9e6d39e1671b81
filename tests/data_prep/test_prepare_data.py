"""The data commands as a user types them."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from data_prep.options import add_selection
from tests.helpers import assert_error, progress_lines
from vaegan_jax.cli.parser import Parser
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.tfds_source import read_split
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.voxel_files import read_binvox, write_binvox

ROOT = pathlib.Path(__file__).parents[2]
DUMMY = ROOT / "data_prep" / "voxel_view_archive" / "dummy_data"


SCRIPT = ROOT / "scripts" / "prepare_data.py"


@pytest.fixture
def archive(run):
    """Runs the archive command, with the dummy data unless told otherwise."""

    def archive(folder, *arguments, voxels=None, views=None):
        voxels, views = voxels or DUMMY / "voxels", views or DUMMY / "views"
        where = (f"--voxels={voxels}", f"--views={views}", f"--output={folder}")
        return run("archive", *where, *arguments)

    return archive


@pytest.fixture
def copy(tmp_path):
    """A copy of the dummy archive to break."""
    return pathlib.Path(shutil.copytree(DUMMY, tmp_path / "copy"))


def test_archive_pairs_and_reads_back(archive, tmp_path):
    result = archive(tmp_path)
    assert result.returncode == 0, result.stderr
    assert "train: 2 shapes" in result.stdout
    target = pathlib.Path(result.stdout.strip().splitlines()[-1])
    info = json.loads((target / "dataset_info.json").read_text())
    sizes = {split["name"]: split["shardLengths"] for split in info["splits"]}
    assert sizes == {"train": ["2"], "validation": ["1"], "test": ["1"]}
    assert json.loads((target / "metadata.json").read_text())["voxels"]

    told = progress_lines(result.stderr)
    assert told[0].startswith("checking shapes: 0/4, ")
    for split, count in (("train", 2), ("validation", 1), ("test", 1)):
        assert any(
            line.startswith(f"reading {split}: {count}/{count}") for line in told
        )

    again = archive(tmp_path)
    assert again.returncode == 0 and "reading train" not in again.stderr

    other = shutil.copytree(DUMMY / "voxels", tmp_path / "other")
    assert_error(archive(tmp_path, voxels=other), "holds a data set with voxels")


def test_an_archive_tells_its_cameras_if_it_is_said_what_they_are(archive, tmp_path):
    target = archive(tmp_path / "ring", "--ring").stdout.splitlines()[-1]
    examples = read_split(pathlib.Path(target), "train", 16)
    ring = numbers_of(Camera(examples.views.shape[1]).views())
    for cameras in examples.cameras:
        np.testing.assert_allclose(cameras, ring, rtol=1e-6)
    unknown = archive(tmp_path / "unknown").stdout.splitlines()[-1]
    assert read_split(pathlib.Path(unknown), "train", 16).cameras is None
    assert_error(archive(tmp_path / "unknown", "--ring"), "camera = None; choose")


def test_a_packed_file_holds_the_same(archive, run, tmp_path):
    directory = archive(tmp_path).stdout.splitlines()[-1]
    output = tmp_path / "packed.npz"
    arguments = (f"--data_dir={directory}", f"--output={output}", "--image_size=8")
    result = run("pack", *arguments)
    assert result.returncode == 0 and result.stdout == f"{output}\n", result.stderr
    told = progress_lines(result.stderr)
    assert len(told) == 6 and told[0].startswith("packing train: 0/2, ")
    for split in ("train", "validation", "test"):
        packed, stored = (open_split(p, split, 4, 8) for p in (output, directory))
        assert packed.names == stored.names and packed.categories == ["chair"] * len(
            stored
        )
        np.testing.assert_array_equal(packed.voxels, stored.voxels)
        np.testing.assert_array_equal(packed.views, stored.views)


def test_what_does_not_fit_into_memory_is_to_be_packed(
    archive, run, tmp_path, monkeypatch
):
    from vaegan_jax.data import tfds_source

    directory, output = archive(tmp_path).stdout.splitlines()[-1], tmp_path / "a.npz"
    whole = open_split(directory, "train", 4, 8)
    needed = 2 * whole.nbytes
    monkeypatch.setattr(tfds_source, "free_memory", lambda: needed - 1)
    decode = tfds_source._decoded
    monkeypatch.setattr(tfds_source, "_decoded", None)
    with pytest.raises(UserError, match=rf"take .* pack --data_dir={directory} .*=8\)"):
        open_split(directory, "train", 4, 8)
    monkeypatch.setattr(tfds_source, "_decoded", decode)
    monkeypatch.setattr(tfds_source, "free_memory", lambda: 0)
    arguments = (f"--data_dir={directory}", f"--output={output}", "--image_size=64")
    assert run("pack", *arguments).returncode == 0
    # Packed as large as they are stored, they are reduced when they are read.
    packed = open_split(output, "train", 4, 8)
    np.testing.assert_array_equal(packed.views, whole.views)
    monkeypatch.setattr(tfds_source, "free_memory", lambda: needed)
    assert open_split(directory, "train", 4, 8).names == whole.names


def test_grids_whose_y_is_up(archive, tmp_path):
    plain, turned = tmp_path / "plain", tmp_path / "turned"
    assert archive(plain, "--category=chair, ").returncode == 0
    rolled = shutil.copytree(DUMMY / "voxels", tmp_path / "voxels")
    for path in rolled.rglob("*.binvox"):
        # There the axes are our −y, the front; z; and −x.
        write_binvox(path, read_binvox(path).transpose(1, 2, 0)[::-1, :, ::-1])
    frame = ("--up=y", "--front=x", "--category=chair")
    result = archive(turned, *frame, voxels=rolled)
    assert result.returncode == 0, result.stderr
    for split in ("train", "test"):
        a, b = (open_split(folder, split, 4, None) for folder in (plain, turned))
        np.testing.assert_array_equal(a.voxels, b.voxels)
    assert_error(archive(turned, "--category=chair", voxels=rolled), "up = y")
    assert_error(archive(turned, "--up=y", "--front=-y"), "y is up and the front")


def test_spaces_between_categories():
    parser = Parser()
    add_selection(parser)
    for text in ("chair,table", "chair, table", " chair ,table,"):
        given = parser.parse_args([f"--category={text}"])
        assert given.category == ("chair", "table")


def test_changed_archives_are_told(archive, tmp_path, copy):
    where = {"voxels": copy / "voxels", "views": copy / "views"}
    target = archive(tmp_path / "out", **where).stdout.splitlines()[-1]
    report = pathlib.Path(target, "pairing.txt").read_text()
    for file in (copy / "views" / "chair" / "train").glob("chair_0003_*.png"):
        file.unlink()
    assert_error(archive(tmp_path / "out", **where), "with listing", "delete it")
    assert pathlib.Path(target, "pairing.txt").read_text() == report


def test_one_output_holds_one_data_set(archive, tmp_path):
    assert archive(tmp_path).returncode == 0
    assert_error(archive(tmp_path, "--category=chair"), "holds another data set, vox")


def cut(path, length):
    path.write_bytes(path.read_bytes()[:length])


def test_files_that_cannot_be_used_are_left_out_and_named(archive, tmp_path, copy):
    """One shape for each thing that may be wrong with it; twelve are left."""
    for split, number in [("train", n) for n in range(5, 18)]:
        name = f"chair_{number:04d}"
        where = copy / "voxels/chair" / split
        shutil.copy(where / "chair_0003.binvox", where / f"{name}.binvox")
        for k in (1, 2):
            file = copy / f"views/chair/{split}/chair_0003_{k:03d}.png"
            shutil.copy(file, file.with_name(f"{name}_{k:03d}.png"))
    grids, views = copy / "voxels/chair/train", copy / "views/chair/train"
    cut(grids / "chair_0005.binvox", -2)
    (grids / "chair_0006.binvox").write_bytes(b"")
    write_binvox(grids / "chair_0007.binvox", np.ones((2, 2, 2), bool))
    cut(views / "chair_0008_002.png", 60)
    (views / "chair_0009_002.png").unlink()
    Image.new("L", (16, 8)).save(views / "chair_0010_001.png")
    for k in (1, 2):
        Image.new("L", (8, 8)).save(views / f"chair_0011_{k:03d}.png")
    Image.new("L", (8, 8)).save(views / "chair_0012_001.png")
    arguments = {"voxels": copy / "voxels", "views": copy / "views"}
    result = archive(tmp_path / "out", **arguments)
    assert result.returncode == 0, result.stderr
    assert "train: 7 shapes\nvalidation: 1 shapes\ntest: 1 shapes" in result.stdout
    chair = "  chair/train/chair_00"
    for line in (
        "skipped files: 8",
        f"{chair}05.binvox: the file is damaged: it holds ",
        f"{chair}06.binvox: not a binvox file",
        f"{chair}07.binvox: the shape has 2³ voxels and 16² pixels, but most have 4³ "
        "voxels and 16² pixels",
        f"{chair}08_002.png: not a whole PNG image",
        f"{chair}09_001.png: chair/train/chair_0009 has 1 views, but most shapes have",
        f"{chair}10_001.png: 16×8 pixels; use square images",
        f"{chair}11.binvox: the shape has 4³ voxels and 8² pixels, but most have",
        f"{chair}12_001.png: its views are of 8 and 16 pixels",
    ):
        assert line in result.stdout, line
    target = pathlib.Path(result.stdout.strip().splitlines()[-1])
    facts = json.loads((target / "metadata.json").read_text())
    assert len(facts["skipped"]) == 8
    assert archive(tmp_path / "out", **arguments).stdout == result.stdout

    strict = archive(tmp_path / "strict", "--strict", **arguments)
    assert_error(strict, "chair_0009_001.png: chair/train/chair_0009 has 1 views")
    (views / "chair_0009_001.png").unlink()
    strict = archive(tmp_path / "strict", "--strict", **arguments)
    assert_error(strict, f"{grids / 'chair_0005.binvox'}: the file is damaged")
    assert not list((tmp_path / "strict").rglob("dataset_info.json"))


def test_nothing_that_can_be_used(archive, tmp_path, copy):
    for file in (copy / "voxels").rglob("*.binvox"):
        cut(file, 20)
    result = archive(tmp_path / "out", voxels=copy / "voxels", views=copy / "views")
    assert_error(result, "no shape can be used: chair/", ".binvox: not", "(and 3 more)")
    assert not list(tmp_path.rglob("dataset_info.json"))


def test_several_categories(archive, tmp_path, copy):
    for kind in ("voxels", "views"):
        shutil.copytree(copy / kind / "chair", copy / kind / "desk")
        shutil.copytree(copy / kind / "chair", copy / kind / "sofa")
    arguments = {"voxels": copy / "voxels", "views": copy / "views"}
    result = archive(tmp_path / "out", "--category=chair,sofa", **arguments)
    assert "train: 4 shapes" in result.stdout, result.stderr
    assert "/chair_sofa_r4_v16/" in result.stdout.splitlines()[-1]
    result = archive(tmp_path / "none", "--category=chair,lamp", **arguments)
    assert_error(result, "No shape of category lamp has both")


def test_impossible_arguments(archive, run, tmp_path):
    assert_error(
        archive(tmp_path, voxels=tmp_path / "no.zip"), "no.zip", "no such file"
    )
    assert_error(archive(tmp_path, "--category=sofa"), "category sofa")
    result = run("procedural", f"--output={tmp_path}", "--image_size=65")
    assert_error(result, "64, 128 or 224, not 32 and 65")
    assert run("archive").returncode == 1
    assert not list(tmp_path.rglob("dataset_info.json"))


@pytest.mark.slow
def test_interrupting_leaves_nothing_that_is_taken_for_a_data_set(tmp_path):
    log = tmp_path / "messages"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), "procedural", f"--output={tmp_path}"],
            stderr=file,
            start_new_session=True,
        )
    folder = tmp_path / "procedural_chairs" / "r32_v64"
    deadline = time.monotonic() + 300
    try:
        # Until the workers have made some chairs.
        while not re.search(rb" [1-9]\d*/960", log.read_bytes()):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)
    finally:
        process.kill()  # its workers end with it
    messages = log.read_bytes()
    assert process.returncode == 130
    assert b"making chairs" in messages  # so it was in the midst of it
    assert b"interrupted" in messages and b"Traceback" not in messages
    assert not list(folder.glob("1.*"))


def test_leftovers_are_removed(archive, tmp_path):
    first = archive(tmp_path)
    target = pathlib.Path(first.stdout.strip().splitlines()[-1])
    leftover = target.with_name("incomplete.ABCDEF_1.2.0")
    target.rename(leftover)
    assert archive(tmp_path).returncode == 0
    assert target.exists() and not leftover.exists()


def test_the_real_archive(tmp_path):
    folder = os.environ.get("VAEGAN_REAL_DATA")
    if not folder:
        pytest.skip("VAEGAN_REAL_DATA does not name a folder of real chairs")
    from data_prep.archives.archive import Archive
    from data_prep.voxel_view_archive.checking import read_grid
    from data_prep.voxel_view_archive.pairing import pair_archives
    from vaegan_jax.shapes.copies import digest, mirror_digest

    voxels = Archive(pathlib.Path(folder) / "modelnet10_chairs_binvox32.zip")
    views = Archive(pathlib.Path(folder) / "modelnet40v1png_chairs.tar")
    with voxels, views:
        pairing = pair_archives(voxels, views, ["chair"])
        paths = [pair.voxels for pair in pairing.pairs]
        grids = {path: read_grid(voxels, path)[0] for path in paths}
    digests = {
        path: (digest(grid), mirror_digest(grid)) for path, grid in grids.items()
    }
    pairing = pairing.arranged(digests, drop=False)
    sizes = {split: len(pairs) for split, pairs in pairing.splits.items()}
    assert sizes == {"train": 786, "validation": 89}
    train, validation = (
        {digests[pair.voxels][1] for pair in pairs} for pairs in pairing.splits.values()
    )
    assert not train & validation
    assert pairing.num_views == 12
    assert not pairing.without_views and not pairing.without_voxels
