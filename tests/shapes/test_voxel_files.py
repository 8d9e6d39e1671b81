import io
import zipfile

import numpy as np
import pytest
import trimesh

from vaegan_jax.shapes.voxel_files import encode_binvox, read_binvox, write_binvox

HEADER = b"#binvox 1\ndim 2 2 2\ntranslate 0 0 0\nscale 1\ndata\n"


def test_axis_order_by_hand():
    # binvox stores y fastest, then z, then x; the third of eight is z = 1, y = 0.
    grid = read_binvox(HEADER + bytes([0, 2, 1, 1, 0, 5]))
    assert np.argwhere(grid).tolist() == [[0, 0, 1]]


def test_write_then_read(tmp_path, corner_grid):
    path = tmp_path / "chair.binvox"
    noise = np.random.default_rng(0).random((32, 32, 32)) > 0.5
    empty, full = np.zeros((8, 8, 8), bool), np.ones((8, 8, 8), bool)
    for grid in (corner_grid, noise, empty, full):
        write_binvox(path, grid)
        np.testing.assert_array_equal(read_binvox(path), grid)


def test_our_reader_agrees_with_trimesh(corner_grid):
    file = io.BytesIO(encode_binvox(corner_grid))
    theirs = trimesh.exchange.binvox.load_binvox(file).matrix
    np.testing.assert_array_equal(theirs, corner_grid)


def test_garbled_files_are_refused_or_read_but_nothing_else(corner_grid):
    rng = np.random.default_rng(0)
    content = encode_binvox(corner_grid)
    for _ in range(500):
        garbled = bytearray(content)
        for place in rng.integers(0, 90, rng.integers(1, 4)):
            garbled[place] = rng.integers(256)
        garbled = bytes(garbled[: rng.integers(1, 2 * len(garbled))])
        try:
            assert read_binvox(garbled).ndim == 3
        except ValueError as error:
            assert str(error).startswith("The binvox data: ")


def test_written_files_claim_the_unit_cube(corner_grid):
    header = encode_binvox(corner_grid).split(b"data\n")[0]
    assert b"dim 8 8 8\n" in header and b"scale 1.0\n" in header


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "not a binvox file"),
        (b"OFF\n8 6 0\n", "not a binvox file"),
        (b"version https://git-lfs.github.com/spec/v1\n", r"not a binvox file \(.*LFS"),
        (HEADER.replace(b"dim 2 2 2\n", b""), "not a binvox file"),
        (HEADER.replace(b"#binvox 1", b"#binvox 2"), "files of version 2 are not read"),
        (HEADER.replace(b"2 2 2", b"2 2 3") + bytes([0, 12]), "not a cube"),
        (HEADER.replace(b"2 2 2", b"9999 9999 9999") + b"\0\1", "9999 voxels a side"),
        (HEADER + bytes([0, 2, 1]), "damaged"),
        (HEADER + bytes([0, 2, 1, 1]), "holds 3 of 8 voxels"),
        (HEADER + bytes([0, 200]), "holds 200 of 8 voxels"),
        (HEADER + bytes([7, 8]), "other voxels than 0 and 1"),
        (HEADER, "holds 0 of 8 voxels"),
    ],
)
def test_damaged_files_are_named(tmp_path, content, message):
    path = tmp_path / "bad.binvox"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        read_binvox(path)
    assert str(path) in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.binvox"):
        read_binvox(tmp_path / "none.binvox")


def test_only_cubes_are_written(tmp_path):
    path = tmp_path / "flat.binvox"
    with pytest.raises(ValueError, match=r"\(2, 3, 4\)"):
        write_binvox(path, np.ones((2, 3, 4), bool))
    assert not path.exists()


def test_real_chairs_stand_upright_with_their_backs_towards_plus_y(real_data):
    with zipfile.ZipFile(real_data / "modelnet10_chairs_binvox32.zip") as file:
        names = [n for n in file.namelist() if n.endswith(".binvox")]
        assert len(names) == 875
        mean = np.mean([read_binvox(file.read(n)) for n in names[::10]], axis=0)
    high = mean[:, :, 24:].sum(axis=(0, 2))
    assert high[16:].sum() > 5 * high[:16].sum()
    left_right = np.abs(mean - mean[::-1]).sum() / mean.sum()
    assert left_right < 0.35 < np.abs(mean - mean[:, ::-1]).sum() / mean.sum()
