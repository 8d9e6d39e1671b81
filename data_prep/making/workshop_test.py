"""What was made is not made again, and one odd file stops nothing unless asked to."""

import dataclasses
import shutil

import numpy as np
import pytest

from data_prep.archives.archive import Archive
from data_prep.archives.listing import find_shapes
from data_prep.making import workshop as making
from data_prep.making.workshop import Shape, Workshop, make_all
from vaegan_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class Recorder:
    """Makes a grid with as many voxels as the file has bytes; notes what it did."""

    log: str
    views: int = 2

    def __call__(self, archive, file, content):
        if content == b"bad":
            raise UserError("this one is bad")
        if content == b"bug":
            raise IndexError("list index out of range")
        if content == b"big":
            raise MemoryError("Unable to allocate 7 TiB")
        with open(self.log, "a") as log:
            log.write(file.name)
        grid = np.arange(27).reshape(3, 3, 3) < len(content)
        return Shape(grid, [b"view" * i for i in range(self.views)])


@pytest.fixture
def workshop(tmp_path):
    (tmp_path / "files").mkdir()
    for name in "abc":
        (tmp_path / "files" / f"{name}.off").write_text(name)
    maker = Recorder(str(tmp_path / "log"))
    return Workshop(tmp_path / "files", tmp_path / "work", maker)


def make(workshop, strict=False):
    with Archive(workshop.archive) as archive:
        files = find_shapes(archive, (".off",)).files
    return make_all(workshop, files, strict)


def log(workshop):
    return open(workshop.make.log).read()


def test_shapes_come_in_order_and_whole(workshop):
    made, skipped = make(workshop)
    assert [m.file.name for m in made] == ["a", "b", "c"] and not skipped
    voxels, views, cameras, scale = made[0].load()
    assert cameras is None and np.isnan(scale)
    assert voxels.shape == (3, 3, 3) and voxels.sum() == 1 and voxels[0, 0, 0]
    assert views == [b"", b"view"]
    assert made[0].digest == made[1].digest


def test_nothing_is_made_twice(workshop):
    make(workshop)
    assert sorted(log(workshop)) == ["a", "b", "c"]
    (workshop.archive / "b.off").write_text("changed")
    made, _ = make(workshop)
    assert log(workshop)[3:] == "b" and made[1].load().voxels.sum() == 7
    other = dataclasses.replace(workshop, make=Recorder(workshop.make.log, views=1))
    make(other)
    assert sorted(log(workshop)[4:]) == ["a", "b", "c"]


def test_bad_files_are_skipped_with_reasons(workshop):
    (workshop.archive / "a.off").write_text("bad")
    (workshop.archive / "b.off").write_text("bug")
    made, skipped = make(workshop)
    assert [m.file.name for m in made] == ["c"]
    assert skipped == {
        "a.off": "this one is bad",
        "b.off": "unexpectedly, IndexError: list index out of range",
    }


def test_too_little_memory_is_no_fault_of_a_file(workshop):
    (workshop.archive / "b.off").write_text("big")
    with pytest.raises(UserError, match=r"b\.off: memory ran out \(Unable to alloc"):
        make(workshop)


def test_strict_stops(workshop):
    (workshop.archive / "b.off").write_text("bad")
    with pytest.raises(UserError, match=r"files/b\.off: this one is bad"):
        make(workshop, strict=True)


def test_nothing_usable_at_all(workshop):
    for name in "abc":
        (workshop.archive / f"{name}.off").write_text("bad")
    with pytest.raises(UserError, match=r"no file can be used: .*a\.off: .*and 2 more"):
        make(workshop)


def test_what_a_crash_left_damaged_is_made_again(workshop):
    made, _ = make(workshop)
    for path in workshop.folder.glob("*.npz"):
        path.write_bytes(b"")
    again, _ = make(workshop)
    assert [m.digest for m in again] == [m.digest for m in made]
    assert again[2].load().voxels.sum() == 1


def test_a_full_disk_is_no_fault_of_a_file(workshop, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "_store", full)
    with pytest.raises(OSError, match="No space left"):
        make(workshop)


@pytest.mark.parametrize("suffix", ["gltf", "GLTF"])
def test_files_that_depend_on_others_are_told_apart(workshop, suffix):
    """Two that are alike themselves, each with a buffer of its own."""
    shutil.rmtree(workshop.archive)
    for name in ("one", "three"):
        (workshop.archive / name).mkdir(parents=True)
        (workshop.archive / name / f"scene.{suffix}").write_text("the same")
        (workshop.archive / name / "buffer").write_text(name)
    workshop = dataclasses.replace(workshop, make=_BesideReader())
    for content, count in (("one", 3), ("more", 4)):
        (workshop.archive / "one" / "buffer").write_text(content)
        with Archive(workshop.archive) as archive:
            files = find_shapes(archive, (".gltf",)).files
        made, _ = make_all(workshop, files, strict=True)
        assert [m.load().voxels.sum() for m in made] == [count, 5]


@dataclasses.dataclass(frozen=True)
class _BesideReader:
    """Makes a grid with as many voxels as the buffer beside the file has bytes."""

    def __call__(self, archive, file, content):
        folder = file.path.rsplit("/", 1)[0]
        length = len(archive.read(f"{folder}/buffer"))
        return Shape(np.arange(27).reshape(3, 3, 3) < length, [])
