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

import pytest
from helpers import assert_error

ROOT = pathlib.Path(__file__).parents[1]
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

    again = archive(tmp_path)
    assert again.returncode == 0 and "reading train" not in again.stderr

    other = shutil.copytree(DUMMY / "voxels", tmp_path / "other")
    assert_error(archive(tmp_path, voxels=other), "holds a data set with voxels")


def test_a_damaged_grid_is_named_and_nothing_is_left(archive, tmp_path, copy):
    bad = copy / "voxels/chair/train/chair_0002.binvox"
    bad.write_bytes(bad.read_bytes()[:-2])
    out = tmp_path / "out"
    result = archive(out, voxels=copy / "voxels", views=copy / "views")
    assert_error(result, str(bad), "damaged")
    assert not list(out.rglob("dataset_info.json"))


def test_a_damaged_view_is_named(archive, tmp_path, copy):
    bad = copy / "views/chair/train/chair_0003_002.png"
    bad.write_bytes(bad.read_bytes()[:60])
    result = archive(tmp_path / "out", voxels=copy / "voxels", views=copy / "views")
    assert_error(result, str(bad), "not a whole PNG image")


def test_a_missing_view_is_named(archive, tmp_path, copy):
    (copy / "views/chair/train/chair_0003_002.png").unlink()
    result = archive(tmp_path / "out", voxels=copy / "voxels", views=copy / "views")
    assert_error(result, "chair/train/chair_0003 has 1 views")


def test_impossible_arguments(archive, run, tmp_path):
    assert_error(
        archive(tmp_path, voxels=tmp_path / "no.zip"), "no.zip", "no such file"
    )
    assert_error(archive(tmp_path, "--category=sofa"), "category 'sofa'")
    result = run("procedural", f"--output={tmp_path}", "--image_size=65")
    assert_error(result, "64, 128 or 224, not 32 and 65")
    assert run("archive").returncode == 2
    assert not list(tmp_path.rglob("dataset_info.json"))


def test_interrupting_leaves_nothing_that_is_taken_for_a_data_set(tmp_path):
    log = tmp_path / "messages"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), "procedural", f"--output={tmp_path}"],
            stderr=file,
            start_new_session=True,
        )
    folder = tmp_path / "procedural_chairs" / "r32_v64"
    deadline = time.monotonic() + 120
    # Until the workers have made some chairs.
    while not re.search(rb" [1-9]\d*/960", log.read_bytes()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=60)
    messages = log.read_bytes()
    assert process.returncode == 130
    assert b"making chairs" in messages  # so it was in the midst of it
    assert b"interrupted" in messages and b"Traceback" not in messages
    assert not (folder / "1.0.0").exists()


def test_leftovers_are_removed(archive, tmp_path):
    first = archive(tmp_path)
    target = pathlib.Path(first.stdout.strip().splitlines()[-1])
    leftover = target.with_name("incomplete.ABCDEF_1.0.0")
    target.rename(leftover)
    assert archive(tmp_path).returncode == 0
    assert target.exists() and not leftover.exists()


def test_the_real_archive(tmp_path):
    folder = os.environ.get("VAEGAN_REAL_DATA")
    if not folder:
        pytest.skip("VAEGAN_REAL_DATA does not name a folder of real chairs")
    from data_prep.archives import Archive
    from data_prep.voxel_view_archive.pairing import pair_archives

    voxels = Archive(pathlib.Path(folder) / "modelnet10_chairs_binvox32.zip")
    views = Archive(pathlib.Path(folder) / "modelnet40v1png_chairs.tar")
    with voxels, views:
        pairing = pair_archives(voxels, views, "chair")
    sizes = {split: len(pairs) for split, pairs in pairing.splits.items()}
    assert sizes == {"train": 787, "validation": 88}
    assert pairing.num_views == 12
    assert not pairing.without_views and not pairing.without_voxels
