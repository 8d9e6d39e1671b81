"""Folders, zips and tars look alike; damaged ones are named."""

import io
import tarfile
import zipfile

import pytest

from data_prep.archives.archive import Archive

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


def test_a_tar_that_ends_with_a_zip_is_a_tar(tmp_path):
    inner = write(tmp_path / "inner.zip", {"other.png": b"4"}).read_bytes()
    path = write(tmp_path / "files.tar", {"one.png": b"1", "last.zip": inner})
    with Archive(path) as archive:
        assert archive.names(".png") == ["one.png"]


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.zip: there is no such file"):
        Archive(tmp_path / "none.zip")


@pytest.mark.parametrize(
    "name, remedy", [("text.zip", "download or copy it again"), ("a.off", "its folder")]
)
def test_neither_zip_nor_tar(tmp_path, name, remedy):
    (tmp_path / name).write_text("hello")
    with pytest.raises(
        ValueError, match=f"neither a folder, a zip nor a tar; .*{remedy}"
    ):
        Archive(tmp_path / name)


def test_links_to_folders_are_followed_once(tmp_path):
    write(tmp_path / "elsewhere")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "folder")
    names = Archive(tmp_path / "folder").names(".png")
    assert names == ["link/a/one.png", "link/a/two.PNG"]


def write_links(path):
    """A file and links to it, outside and to a folder."""
    links = {"a/sym.off": "one.off", "out.off": "/etc/passwd", "b": "a"}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/one.off", b"1")
            for name, target in links.items():
                info = zipfile.ZipInfo(name)
                info.external_attr = 0o120777 << 16
                archive.writestr(info, target)
        return path
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("a/one.off")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"1"))
        for name, target in links.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return path


@pytest.mark.parametrize("name", ["links.zip", "links.tar"])
def test_links_in_archives_are_not_followed_but_told(tmp_path, name):
    with Archive(write_links(tmp_path / name)) as archive:
        assert archive.names("") == ["a/one.off"]
        assert archive.links() == ["a/sym.off", "b", "out.off"]


def test_half_a_zip_is_told_as_such(tmp_path):
    path = write(tmp_path / "files.zip")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match=r"files\.zip: the archive is .* incomplete"):
        Archive(path)


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
    monkeypatch.setattr("data_prep.archives.archive._LARGEST_FILE", 5_000)
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
