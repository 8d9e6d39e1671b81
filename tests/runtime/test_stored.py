import zipfile

import numpy as np
import pytest

from vaegan_jax.errors import UserError
from vaegan_jax.runtime import npz_files, stored
from vaegan_jax.runtime.stored import StoredArray, Streamed


@pytest.fixture
def array():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (7, 4, 3, 2), np.uint8)


@pytest.fixture
def path(tmp_path, array):
    np.savez(tmp_path / "a.npz", first=np.arange(3), a=array)
    return tmp_path / "a.npz"


def opened(path, axes=2, name="a"):
    with zipfile.ZipFile(path) as archive:
        items, counts = npz_files.stored_items(archive, name, axes, "it is cut")
    return StoredArray(items, np.arange(np.prod(counts)).reshape(counts))


KEYS = (
    *(3, -1, slice(1, 6, 2), [4, 0, 0], np.arange(7) > 3, Ellipsis, slice(0, 0)),
    *((2, 1), (slice(2, 5), slice(None, 2)), (np.array([[5], [1]]), [[3, 0], [2, 2]])),
)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_stored_array_is_indexed_as_the_array_is(path, array, key, monkeypatch):
    monkeypatch.setattr(stored, "_PART", 13)  # two items at a time
    there = opened(path)
    assert (there.shape, there.ndim, there.nbytes) == (array.shape, 4, array.nbytes)
    np.testing.assert_array_equal(there[key], array[key])
    assert there[key].shape == array[key].shape
    if np.ndim(array[key]) == 4:
        np.testing.assert_array_equal(there.pick(key)[...], array[key])


def test_rows_parts_and_what_is_made_of_items(path, array, monkeypatch):
    monkeypatch.setattr(stored, "_PART", 2 * array[0].nbytes)
    there, kept = opened(path), [3, 1, 4, 1]
    np.testing.assert_array_equal(np.stack(list(there)), array)
    assert [len(part) for part in stored.parts(there)] == [2, 2, 2, 1]
    assert [len(part) for part in stored.parts(array)] == [2, 2, 2, 1]
    sums = there.mapped(lambda x: x.sum(2, dtype=np.uint16)).mapped(lambda x: x[:, :2])
    expected = array.sum(3, dtype=np.uint16)[:, :, :2]
    assert sums.dtype == np.uint16 and sums.shape == (7, 4, 2)
    np.testing.assert_array_equal(sums.pick(kept)[...], expected[kept])


@pytest.mark.parametrize("key", [None, (0, None), (0, ...), (0, 0, 0)], ids=str)
def test_an_index_beyond_the_items_is_no_other_array(path, key):
    with pytest.raises(IndexError):
        opened(path)[key]


def test_only_what_is_asked_for_is_read(path, array, monkeypatch):
    read, pread = [], stored.os.pread

    def count(descriptor, size, offset):
        found = pread(descriptor, size, offset)
        read.append(len(found))
        return found

    there = opened(path)
    monkeypatch.setattr(stored.os, "pread", count)
    key = [3, 2, 3], [0, 3, 2]
    np.testing.assert_array_equal(there[key], array[key])
    assert read == [12, 6]  # the last of a row with the first of the next


def test_a_file_that_is_cut_while_it_is_read(path):
    there = opened(path)
    with path.open("r+b") as file:
        file.truncate(300)
    with pytest.raises(UserError, match="it is cut"):
        there[...]


@pytest.mark.parametrize(
    "what", ["flipped", "compressed", "Fortran", "longer", "items"]
)
def test_what_is_not_as_it_was_written_is_refused(tmp_path, array, what):
    path, save = tmp_path / "a.npz", np.savez
    if what == "Fortran":
        array = np.asfortranarray(array)
    if what == "items":
        array = np.zeros((10**12, 0), np.uint8)
    if what == "compressed":
        save = np.savez_compressed
    save(path, a=array)
    content = path.read_bytes()
    if what == "flipped":
        place = content.index(array.tobytes()) + 50
        path.write_bytes(
            content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        )
    if what == "longer":
        path.write_bytes(content.replace(b"(7, 4, 3, 2)", b"(9, 4, 3, 2)"))
    with pytest.raises((ValueError, zipfile.BadZipFile)):
        opened(path, axes=1)


def test_a_streamed_array_is_written_as_the_array_is(tmp_path, array):
    streamed = Streamed(array.shape, array.dtype, iter([array[:3], array[3:]]))
    npz_files.write_npz(tmp_path / "b.npz", {"a": streamed, "b": np.array("text")})
    np.savez(tmp_path / "c.npz", a=array, b=np.array("text"))
    with (
        zipfile.ZipFile(tmp_path / "b.npz") as b,
        zipfile.ZipFile(tmp_path / "c.npz") as c,
    ):
        assert [(x.filename, x.CRC) for x in b.infolist()] == [
            (x.filename, x.CRC) for x in c.infolist()
        ]
    with np.load(tmp_path / "b.npz") as file:
        np.testing.assert_array_equal(file["a"], array)


@pytest.mark.parametrize("parts", [[0], [0, 1, 2]])
def test_too_few_rows_or_too_many_are_no_file(tmp_path, array, parts):
    streamed = Streamed((7, 4, 3, 2), array.dtype, (array[:3] for _ in parts))
    with pytest.raises(ValueError, match="rows of 7 came"):
        npz_files.write_npz(tmp_path / "b.npz", {"a": streamed})
    assert not list(tmp_path.iterdir())
