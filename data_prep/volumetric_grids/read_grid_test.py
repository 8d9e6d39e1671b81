"""Grids come out in our axes; what is no grid is named."""

import io
import os
import pathlib
import struct

import numpy as np
import pytest
import scipy.io

from data_prep.archives.listing import ShapeFile
from data_prep.volumetric_grids.read_grid import (
    GridReader,
    identify_rotation,
    read_instance,
)
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mesh_files import read_mesh
from vaegan_jax.shapes.voxelize import voxelize


def matlab(**variables):
    file = io.BytesIO()
    scipy.io.savemat(file, variables, do_compression=True)
    return file.getvalue()


def grid(side=6):
    made = np.zeros((side, side, side), np.int8)
    made[1, 2, 3] = 1
    return made


def test_y_comes_first_in_the_files():
    assert np.argwhere(read_instance(matlab(instance=grid()))).tolist() == [[2, 1, 3]]


def element(order, kind, content):
    padded = content + bytes(-len(content) % 8)
    return struct.pack(order + "II", kind, len(content)) + padded


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind, number", [(2, "u1"), (3, "i2"), (7, "f4"), (9, "f8")])
def test_all_numbers_in_both_byte_orders(order, kind, number):
    """MATLAB stores what it calls double as the smallest numbers that hold it."""
    numbers = grid().astype(order + number).tobytes(order="F")
    parts = [
        element(order, 6, struct.pack(order + "II", 6, 0)),
        element(order, 5, struct.pack(order + "iii", 6, 6, 6)),
        element(order, 1, b"instance"),
        element(order, kind, numbers),
    ]
    mark = struct.pack(order + "HH", 0x0100, 0x4D49)
    content = b"MATLAB 5.0".ljust(124) + mark + element(order, 14, b"".join(parts))
    np.testing.assert_array_equal(
        read_instance(content), read_instance(matlab(instance=grid()))
    )


def test_a_file_that_crashes_scipy_is_refused():
    """Its numbers are of a kind that does not exist."""
    file = io.BytesIO()
    scipy.io.savemat(file, {"instance": grid()})
    content = file.getvalue()
    numbers = struct.pack("<II", 1, 6**3)
    assert content.count(numbers) == 1
    with pytest.raises(UserError, match="'instance' holds no numbers"):
        read_instance(content.replace(numbers, struct.pack("<II", 8, 6**3)))


def test_padding():
    voxels, views, *_ = GridReader(8)(None, None, matlab(instance=grid()))
    assert np.argwhere(voxels).tolist() == [[3, 2, 4]] and voxels.shape == (8, 8, 8)
    assert views == []
    for resolution in (7, 4):
        with pytest.raises(UserError, match=f"6³ cannot be padded .* {resolution}³"):
            GridReader(resolution)(None, None, matlab(instance=grid()))


def test_names():
    path = "train/chair_000000182_12.mat"
    assert identify_rotation(path) == ShapeFile(
        "chair", "train", "chair_000000182_12", path, "chair_000000182"
    )
    assert identify_rotation("night_stand_01_3.mat").category == "night_stand"
    assert identify_rotation("sofa/plain.mat").name == "plain"


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "the file is empty"),
        (b"hello" * 100, "not a whole MATLAB file"),
        (matlab(instance=grid())[:-9], "not a whole MATLAB file"),
        (matlab(voxels=grid()), "has no 'instance', only voxels"),
        (matlab(instance=grid()[:5]), "no cubic grid but 5×6×6"),
        (matlab(instance=grid() * 2), "other values than 0 and 1"),
        (matlab(instance=grid() * 0), "the grid is empty"),
        (matlab(instance={"a": 1}), "no cubic grid"),
        (matlab(instance=grid() * 1j), "no real numbers"),
        (matlab(), "only nothing"),
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400), "with -v7"),
    ],
)
def test_what_is_wrong_is_named(content, message):
    with pytest.raises(UserError, match=message) as error:
        read_instance(content)
    assert "\n" not in str(error.value)


def test_a_real_grid_is_the_mesh_it_was_made_of():
    """ModelNet's chair_0002 has an arm on one side: a mirrored grid would not fit."""
    folder = os.environ.get("VAEGAN_REAL_DATA")
    if not folder:
        pytest.skip("VAEGAN_REAL_DATA does not name a folder of real chairs")
    folder = pathlib.Path(folder)
    stored = read_instance(
        (folder / "volumetric_mat/chair_000000184_1.mat").read_bytes()
    )
    mesh = read_mesh((folder / "off/chair_0002.off").read_bytes(), ".off")
    ours = voxelize(mesh, 24, solid=True)

    def centred(voxels):
        found = np.argwhere(voxels)
        low, high = found.min(axis=0), found.max(axis=0) + 1
        start = (32 - (high - low)) // 2
        moved = np.zeros((32, 32, 32), bool)
        moved[tuple((found - low + start).T)] = True
        return moved

    def iou(a, b):
        return (a & b).sum() / (a | b).sum()

    assert iou(centred(stored), centred(ours)) > 0.7
    assert iou(centred(stored[::-1]), centred(ours)) < 0.6
