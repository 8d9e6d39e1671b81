"""Folders, zips and tars look alike; damaged ones are named."""

import io
import tarfile
import zipfile

import pytest

from data_prep.archives import Archive

FILES = {"a/one.png": b"1", "a/two.PNG": b"22", "b/three.txt": b"333"}


def write(path, files=FILES):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    elif ".tar" in path.suffixes:
        with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    else:
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["folder", "files.zip", "files.tar", "files.tar.gz"])
def test_all_forms_read_alike(tmp_path, name):
    with Archive(write(tmp_path / name)) as archive:
        assert archive.names(".png") == ["a/one.png", "a/two.PNG"]
        assert archive.read("a/two.PNG") == b"22"
        assert "a/one.png" in archive.describe("a/one.png")


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.zip: there is no such file"):
        Archive(tmp_path / "none.zip")


def test_neither_zip_nor_tar(tmp_path):
    (tmp_path / "text.zip").write_text("hello")
    with pytest.raises(ValueError, match="neither a folder, a zip nor a tar"):
        Archive(tmp_path / "text.zip")


@pytest.mark.parametrize("name", ["files.zip", "files.tar", "files.tar.gz"])
def test_cut_short(tmp_path, name):
    path = write(tmp_path / name, {f"{i}.png": bytes(3000) for i in range(9)})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * 0.6)])
    with pytest.raises(ValueError, match=str(path)), Archive(path) as archive:
        for file in archive.names(".png"):
            archive.read(file)
        raise ValueError(f"{path}: read without an error")


def test_bombs_are_not_unpacked(tmp_path, monkeypatch):
    path = write(tmp_path / "bomb.zip", {"big.png": bytes(10_000)})
    monkeypatch.setattr("data_prep.archives._LARGEST_FILE", 5_000)
    with (
        Archive(path) as archive,
        pytest.raises(ValueError, match=r"bomb\.zip:big\.png: too large"),
    ):
        archive.read("big.png")


@pytest.mark.parametrize("name", ["folder", "files.zip", "files.tar"])
def test_fingerprints_tell_changes(tmp_path, name):
    def fingerprint(files):
        path = tmp_path / name
        if path.is_file():
            path.unlink()
        with Archive(write(path, files)) as archive:
            return archive.fingerprint("a/one.png")

    before = fingerprint(FILES)
    assert before[0] == "a/one.png"
    assert fingerprint({**FILES, "a/one.png": b"other"}) != before


def test_positions_are_in_the_order_of_the_archive(tmp_path):
    names = ["b/z.png", "a/one.png", "c.png"]
    with Archive(write(tmp_path / "files.tar", dict.fromkeys(names, b"1"))) as archive:
        assert sorted(archive.names(".png"), key=archive.position) == names
