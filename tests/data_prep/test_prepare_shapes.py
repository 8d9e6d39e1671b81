"""Data sets from meshes, ModelNet and MATLAB grids, as a user makes them."""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
import trimesh

from data_prep.archives import downloads_test
from data_prep.archives.archive_test import write_links
from data_prep.prepare import prepare_meshes
from tests.helpers import ROOT, assert_error, progress_lines
from vaegan_jax.data.dataset import open_split
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mesh_files import read_mesh
from vaegan_jax.shapes.orientation import find_turn, turn_grid
from vaegan_jax.shapes.voxel_files import read_binvox
from vaegan_jax.shapes.voxelize import max_pool, voxelize

DUMMY = ROOT / "data_prep" / "mesh_folder" / "dummy_data" / "meshes"
VOLUMETRIC = ROOT / "data_prep" / "volumetric_grids" / "dummy_data" / "volumetric"
SMALL = ("--image_size=16", "--num_views=3")


@pytest.fixture
def meshes(run, tmp_path):
    """Runs the meshes command, with the dummy data unless told otherwise."""

    def meshes(*arguments, input=DUMMY, output=tmp_path / "out"):
        return run("meshes", f"--input={input}", f"--output={output}", *arguments)

    return meshes


@pytest.fixture
def copy(tmp_path):
    """A copy of the dummy meshes to change."""
    return pathlib.Path(shutil.copytree(DUMMY, tmp_path / "copy"))


def last(result):
    """The directory that a command names at the end."""
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()[-1]


def read_voxels(folder, split):
    """Names and occupancy, as booleans."""
    examples = open_split(folder, split, 32, None)
    return examples.names, examples.voxels.astype(bool)


def splits(result):
    """Sizes that a report tells."""
    lines = [line.split(": ") for line in result.stdout.splitlines()]
    return {
        key: int(value.split()[0])
        for key, value in (line for line in lines if len(line) == 2)
        if key in ("train", "validation", "test")
    }


def test_a_folder_becomes_a_data_set(meshes, tmp_path):
    result = meshes("--category=chair", *SMALL)
    assert result.returncode == 0, result.stderr
    assert splits(result) == {"train": 2, "validation": 1, "test": 1}
    assert "chair_0005.off: the file is cut short: it holds 1 of 11" in result.stdout
    target = pathlib.Path(result.stdout.splitlines()[-1])
    assert (target / "report.txt").read_text() in result.stdout
    examples = open_split(tmp_path / "out", "train", 32, 16)
    assert examples.views.shape == (2, 3, 16, 16, 1)
    assert not (tmp_path / "out" / ".work").exists()
    told = progress_lines(result.stderr)
    assert told[0].startswith("making shapes: 0/5, ")
    assert any(line.startswith("writing train: 2/2, ") for line in told)

    again = meshes("--category=chair", *SMALL)
    assert again.stdout == result.stdout and again.stderr == ""


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_archives_are_like_folders(meshes, copy, tmp_path, kind):
    packed = shutil.make_archive(str(tmp_path / "packed"), kind, copy)
    result = meshes("--no-views", input=packed)
    assert splits(result) == {"train": 2, "validation": 1, "test": 1}, result.stderr


def test_strict_stops_and_leaves_no_data_set(meshes, tmp_path):
    result = meshes("--strict", *SMALL)
    assert_error(result, "chair_0005.off: the file is cut short")
    assert not list(tmp_path.rglob("dataset_info.json"))


def test_flat_files_of_all_kinds_get_seeded_splits(meshes, tmp_path):
    folder = tmp_path / "flat"
    folder.mkdir()
    for i, kind in enumerate(["off", "obj", "ply", "stl", "glb"] * 4):
        box = trimesh.creation.box((1, 2 + i / 10, 3))
        box.export(folder / f"box{i:02d}.{kind}")
    first = meshes("--no-views", "--category=box", input=folder)
    assert splits(first) == {"train": 16, "validation": 2, "test": 2}
    assert "train: 16 shapes (16 box)" in first.stdout
    stored = open_split(tmp_path / "out", "train", 32, None)
    meshes("--no-views", "--seed=1", input=folder, output=tmp_path / "other")
    other = open_split(tmp_path / "other", "train", 32, None)
    assert set(stored.names) != set(other.names)


def test_y_up_files(meshes, tmp_path, copy):
    meshes("--no-views", "--up=y", input=copy)
    examples = open_split(tmp_path / "out", "test", 32, None)
    extents = np.ptp(np.argwhere(examples.voxels[0]), axis=0) + 1
    np.testing.assert_allclose(extents, [32, 24, 16], atol=1)  # from 4 × 2 × 3


def test_how_to_voxelize(meshes, tmp_path):
    chosen = ("--method=carve", "--no-centred", "--oversample=2")
    result = meshes("--no-views", "--resolution=16", *chosen)
    facts = json.loads(pathlib.Path(last(result), "metadata.json").read_text())
    assert facts["voxelizer"] == {
        "name": "vaegan_jax.shapes.voxelize",
        **{"resolution": 16, "solid": False, "oversample": 2},
        **{"method": "carve", "centred": False},
    }
    examples = open_split(tmp_path / "out", "test", 16, None)
    mesh = read_mesh((DUMMY / "chair/test/chair_0004.off").read_bytes(), ".off")
    expected = voxelize(mesh, 16, False, False, 2, "carve")
    np.testing.assert_array_equal(examples.voxels[0], expected)
    assert (expected != voxelize(mesh, 16)).any()
    result = meshes("--method=cut", output=tmp_path / "other")
    assert result.returncode == 1 and result.stderr.count("\n") == 1
    assert "--method: invalid choice: 'cut' (choose from 'exact'" in result.stderr
    with pytest.raises(UserError, match="--method is 'cut'; give exact or carve or"):
        prepare_meshes(DUMMY, tmp_path / "other", method="cut")


@pytest.mark.parametrize("solid", [False, True], ids=["surface", "solid"])
@pytest.mark.parametrize("up", ["z", "y"])
def test_shapenets_own_voxels(meshes, real_data, tmp_path, solid, up):
    folder = real_data / "obj_with_binvox"
    flags = ("--method=shapenet", "--no-centred", "--no-views", f"--up={up}")
    meshes(*flags, *["--solid"] * solid, input=folder)
    kind = "solid" if solid else "surface"
    for split in ("train", "validation"):
        (name,), (ours,) = read_voxels(tmp_path / "out", split)
        file = folder / name / f"model_normalized.{kind}.binvox"
        theirs = max_pool(read_binvox(file), 4)
        theirs = turn_grid(theirs, find_turn(".obj", up))
        iou = (ours & theirs).sum() / (ours | theirs).sum()
        print(f"\n| {name[:4]}… | {kind} | --up={up} | {iou:.4f} |")
        assert iou > 0.995


def test_another_request_for_the_same_output_is_refused(meshes, copy):
    assert meshes(*SMALL, input=copy).returncode == 0
    assert_error(meshes(*SMALL, "--solid", input=copy), "voxelizer", "delete it")
    assert_error(meshes("--no-views", input=copy), "holds another data set")
    (copy / "chair" / "train" / "chair_0001.off").write_text("OFF")
    assert_error(meshes(*SMALL, input=copy), "listing", "delete it")


def test_a_changed_buffer_is_another_input(meshes, tmp_path):
    folder = tmp_path / "gltf"
    folder.mkdir()
    files = trimesh.creation.box((1, 2, 3)).scene().export(file_type="gltf")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    assert meshes("--no-views", input=folder).returncode == 0
    assert meshes("--no-views", input=folder).returncode == 0
    buffer = next(folder.glob("*.bin"))
    buffer.write_bytes(buffer.read_bytes() + b"more")
    assert_error(meshes("--no-views", input=folder), "listing", "delete it")


@pytest.mark.parametrize("name", ["links.zip", "links.tar"])
def test_archives_with_links(meshes, tmp_path, name):
    path = write_links(tmp_path / name)
    result = meshes("--no-views", "--strict", input=path)
    assert_error(result, "a/sym.off: no file but a link (and 2 more)", "--dereference")


def test_an_output_that_is_a_file(meshes, run, tmp_path):
    (tmp_path / "file").write_text("mine")
    for output in (tmp_path / "file", tmp_path / "file" / "below"):
        for result in (
            meshes("--no-views", output=output),
            run("volumetric", f"--input={VOLUMETRIC}", f"--output={output}"),
            run("procedural", f"--output={output}"),
        ):
            assert_error(result, f"{tmp_path / 'file'} is a file", "another --output")
    assert (tmp_path / "file").read_text() == "mine"


def test_duplicates_are_reported_and_dropped(meshes, copy, tmp_path):
    shutil.copy(copy / "chair/test/chair_0004.off", copy / "chair/train/chair_0009.off")
    result = meshes("--no-views", input=copy)
    assert "1 of them across splits; --drop_duplicates" in result.stdout
    assert "test/chair_0004 = train/chair_0009" in result.stdout
    dropping = ("--no-views", "--drop_duplicates")
    result = meshes(*dropping, input=copy, output=tmp_path / "dropped")
    assert splits(result) == {"train": 2, "validation": 1, "test": 1}
    assert "copies dropped: 1" in result.stdout


def test_impossible_arguments(meshes, run, tmp_path):
    missing = tmp_path / "none.zip"
    assert_error(meshes(input=missing), "none.zip: there is no such file")
    assert_error(meshes("--category=sofa"), "no shape of category sofa; it has chair")
    assert_error(meshes("--distance=0.1"), "Camera.distance is 0.1")
    assert meshes("--resolution=0").returncode == 1
    assert meshes("--up=x").returncode == 1
    assert "abc is not a whole number" in meshes("--num_views=abc").stderr
    (tmp_path / "text.zip").write_text("hello")
    assert_error(meshes(input=tmp_path / "text.zip"), "neither a folder, a zip nor")
    assert not list(tmp_path.rglob("dataset_info.json"))


def test_hostile_archives(meshes, tmp_path):
    with zipfile.ZipFile(tmp_path / "hostile.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.write(DUMMY / "chair/train/chair_0001.off", "chair/good.off")
        file.write(DUMMY / "chair/train/chair_0001.off", "../../climbing.off")
        file.writestr("chair/bomb.off", bytes(300 << 20))
    result = meshes("--no-views", input=tmp_path / "hostile.zip")
    assert splits(result) == {"train": 1}
    assert "../../climbing.off: its name climbs out of the archive" in result.stdout
    assert "chair/bomb.off: too large (314,572,800 bytes)" in result.stdout
    assert not list(tmp_path.parent.glob("climbing.off"))


@pytest.mark.slow
def test_an_interrupted_run_goes_on(tmp_path):
    """Ctrl-C in the midst of it, then the same command; the bytes as of one run."""
    folder, out = tmp_path / "meshes", tmp_path / "out"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(26):
        mesh = trimesh.creation.icosphere(subdivisions=3)
        mesh.vertices *= rng.uniform(0.5, 1, 3)
        mesh.export(folder / f"ball{i}.off")
    command = [sys.executable, "scripts/prepare_data.py", "meshes"]
    command += [f"--input={folder}", "--image_size=64"]
    run = {"cwd": ROOT, "env": os.environ | {"PYTHONPATH": str(ROOT)}}
    output = f"--output={out}"
    process = subprocess.Popen(
        [*command, output], start_new_session=True, stderr=subprocess.PIPE, **run
    )
    deadline = time.monotonic() + 120
    while len(made := list(out.glob(".work/*/*.npz"))) < 5:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted" in errors and b"Traceback" not in errors
    assert not list(out.rglob("dataset_info.json"))
    before = {path: path.stat().st_mtime_ns for path in made if path.exists()}
    assert 5 <= len(before) < 26
    assert {path: path.stat().st_mtime_ns for path in before} == before

    targets = []
    for where in (out, tmp_path / "whole"):
        done = subprocess.run(
            [*command, f"--output={where}"], capture_output=True, text=True, **run
        )
        assert done.returncode == 0, done.stderr
        targets.append(pathlib.Path(done.stdout.splitlines()[-1]))
    for file in targets[0].iterdir():
        assert file.read_bytes() == (targets[1] / file.name).read_bytes()


def test_modelnet_is_downloaded_once_in_pieces(run, copy, tmp_path, monkeypatch):
    monkeypatch.setenv("VAEGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("data_prep.archives.downloads._FIRST_PAUSE", 0.0)
    shutil.move(copy, tmp_path / "root" / "ModelNet10")
    path = shutil.make_archive(str(tmp_path / "served"), "zip", tmp_path / "root")
    content = pathlib.Path(path).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with downloads_test.Server() as server:
        server.content, server.cut_after = content, 1 << 10
        monkeypatch.setattr("data_prep.archives.downloads._BLOCK", 256)
        arguments = (
            *("modelnet", "--category=chair", f"--url={server.url()}", *SMALL),
            f"--output={tmp_path / 'out'}",
        )
        assert_error(run(*arguments, f"--sha256={'0' * 64}"), digest, "not 0000")
        for _ in range(2):
            result = run(*arguments, f"--sha256={digest}")
            assert splits(result) == {"train": 2, "validation": 1, "test": 1}
        assert server.starts.count(0) == 2  # once for each checksum
        assert_error(run(*arguments, f"--sha256={'1' * 64}"), digest, "not 1111")
        kept = set((tmp_path / "cache").rglob("*"))
        for server.content in (b"<html>", content[: len(content) // 2]):
            other = server.url("/other")
            bad = run("modelnet", f"--url={other}", f"--output={tmp_path / 'bad'}")
            assert_error(bad, f"what came from {other} is not kept")
            assert set((tmp_path / "cache").rglob("*")) == kept
        server.shutdown()
    target = pathlib.Path(result.stdout.splitlines()[-1])
    origin = json.loads((target / "metadata.json").read_text())["origin"]
    assert server.url() in origin and digest in origin


def test_volumetric_grids(run, tmp_path):
    output = f"--output={tmp_path}"
    result = run("volumetric", f"--input={VOLUMETRIC}", output, "--resolution=8")
    assert splits(result) == {"train": 4, "validation": 2, "test": 2}, result.stderr
    result = run("volumetric", f"--input={DUMMY}", f"--output={tmp_path / 'other'}")
    assert_error(result, "no .mat file, only .off (5)")
