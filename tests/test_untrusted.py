"""Files from strangers: run no code, write nowhere else, and take bounded memory."""

import json
import os
import pathlib
import pickle
import subprocess
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

import vaegan_jax
from data_prep.archives.archive import Archive
from data_prep.archives.listing import ShapeFile
from data_prep.mesh_folder.make_example import MeshMaker, Voxelizer
from tests.helpers import ROOT, Setup, make_examples, tiny_config, write_packed
from vaegan_jax.checkpoints.checkpoint import Checkpoints
from vaegan_jax.checkpoints.config_file import load_config, save_config
from vaegan_jax.data import dataset
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.pictures.fitting import fit_picture


class Bomb:
    """Makes a directory when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_the_bomb_works(tmp_path):
    pickle.loads(pickle.dumps(Bomb(tmp_path / "made")))
    assert (tmp_path / "made").exists()


def test_a_packed_file_is_not_unpickled(tmp_path):
    write_packed(tmp_path / "a.npz", make_examples())
    with np.load(tmp_path / "a.npz") as file:
        arrays = dict(file)
    for key in arrays:
        bomb = np.array([Bomb(tmp_path / "made")], dtype=object)
        np.savez(tmp_path / "b.npz", **(arrays | {key: bomb}))
        with pytest.raises(UserError, match="is damaged"):
            dataset.open_split(tmp_path / "b.npz", "train", 8, 32)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "key, value",
    [
        ("resolution", np.array(100_000)),  # 10¹⁵ voxels
        ("resolution", np.array(64)),
        ("train/voxels", np.zeros((10, 64))),
        ("train/views", np.zeros((10, 4, 32, 32, 1))),
        ("train/views", np.zeros((9, 4, 32, 32, 1), np.uint8)),
    ],
)
def test_a_packed_file_that_claims_more_than_it_holds(tmp_path, key, value):
    write_packed(tmp_path / "a.npz", make_examples())
    with np.load(tmp_path / "a.npz") as file:
        arrays = dict(file)
    np.savez(tmp_path / "b.npz", **(arrays | {key: value}))
    with pytest.raises(UserError, match="is damaged"):
        dataset.open_split(tmp_path / "b.npz", "train", 8, 32)


def test_a_compressed_packed_file_is_not_opened(tmp_path):
    """A megabyte of zeros could stand for a thousand."""
    np.savez_compressed(tmp_path / "a.npz", resolution=np.zeros(1000))
    with pytest.raises(UserError, match=r"a\.npz is compressed, .* numpy\.savez$"):
        dataset.open_split(tmp_path / "a.npz", "train", 8, 32)


def test_a_work_directory_is_read_without_pickle(tmp_path, monkeypatch):
    setup = Setup(tiny_config("gan"))
    save_config(tmp_path, setup.config)
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(setup.create())
    checkpoints.close()

    def refuse(*_, **__):
        raise AssertionError("something is unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    assert vaegan_jax.load(tmp_path).step == 0


@pytest.mark.parametrize("content", ["[]", "7", '{"a.b": 1}', "[" * 100_000])
def test_a_config_that_is_none(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=r"config\.json"):
        load_config(tmp_path)


def test_tfds_imports_no_module_that_a_data_set_names(tmp_path, monkeypatch):
    from vaegan_jax.data import tfds_source

    (tmp_path / "evil.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "dataset_info.json").write_text('{"name": "set", "version": "1.0.0"}')
    for key in ("pythonClassName", "type"):
        features = {"featuresDict": {"features": {"a": {key: "evil.Feature"}}}}
        (folder / "features.json").write_text(json.dumps(features))
        with pytest.raises(UserError, match="is damaged"):
            tfds_source.open_builder(folder)


def test_a_picture_that_would_start_another_program(tmp_path):
    """Pillow hands EPS to Ghostscript."""
    picture = Image.new("RGB", (8, 8), "white")
    picture.save(tmp_path / "a.png", "EPS")
    with pytest.raises(UserError, match="cannot be read as a picture"):
        fit_picture(tmp_path / "a.png", 32)


@pytest.mark.parametrize("uri", ["/etc/hostname", "../secret", "file:///etc/hostname"])
def test_a_mesh_reads_only_what_is_in_its_archive(tmp_path, uri):
    (tmp_path / "secret").write_bytes(bytes(36))
    folder = tmp_path / "meshes"
    folder.mkdir()
    gltf = {
        "asset": {"version": "2.0"},
        "buffers": [{"uri": uri, "byteLength": 36}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 3}
        ],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "nodes": [{"mesh": 0}],
    }
    (folder / "a.gltf").write_text(json.dumps(gltf))
    maker = MeshMaker(Voxelizer(32, False, "exact", True, 4), None, None, 32)
    file = ShapeFile("", None, "a", "a.gltf")
    with Archive(folder) as archive, pytest.raises(UserError, match="not in the arch"):
        maker(archive, file, archive.read("a.gltf"))


# Each is small on disk; with the bound, what reads it fails instead of the machine.
GREEDY = {
    "off": "content = b'OFF\\n' + b'1\\n' * (100 << 20); read_mesh(content, '.off')",
    "array": "np.ones(8 << 30, np.uint8)",
}


@pytest.mark.parametrize("name", [pytest.param("off", marks=pytest.mark.slow), "array"])
def test_memory_is_bounded(name):
    program = (
        "import os, numpy as np\n"
        "from data_prep.making import memory\n"
        "from vaegan_jax.shapes.mesh_files import read_mesh\n"
        "size = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')\n"
        "memory.limit_memory(size // (2 << 30))\n"  # a share of 2 GiB
        f"{GREEDY[name]}\n"
    )
    made = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 1 and "MemoryError" in made.stderr, made.stderr[-300:]


def test_a_tar_is_listed_and_never_unpacked(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as file:
        for name in ("../out.off", "/tmp/vaegan_out.off"):
            file.addfile(tarfile.TarInfo(name))
    with Archive(tmp_path / "a.tar") as archive:
        assert archive.names(".off") == ["../out.off", "/tmp/vaegan_out.off"]
    assert not pathlib.Path("/tmp/vaegan_out.off").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"a.tar"}
