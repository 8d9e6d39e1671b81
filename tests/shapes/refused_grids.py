"""Grids that are refused: content, suffix, and what the sentence holds."""

import io
import struct

import numpy as np
import scipy.io

BINVOX = b"#binvox 1\ndim 2 2 2\ntranslate 0 0 0\nscale 1\ndata\n"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"


def matlab(**variables):
    file = io.BytesIO()
    scipy.io.savemat(file, variables)
    return file.getvalue()


def other_numbers(kind, size):
    """The tag of the numbers of a grid replaced by that of another kind or size."""
    content = matlab(instance=np.eye(4, dtype=np.uint8)[None].repeat(4, 0))
    assert content.count(struct.pack("<II", 2, 64)) == 1
    return content.replace(struct.pack("<II", 2, 64), struct.pack("<II", kind, size))


def long_name():
    """A name of 2 bytes, in a tag of its own, said to have 9."""
    content = matlab(ab=1)
    tag = struct.pack("<HH2s", 1, 2, b"ab")
    assert content.count(tag) == 1
    return content.replace(tag, struct.pack("<HH2s", 1, 9, b"ab"))


def other_dimensions():
    """The tag of the three dimensions of a grid replaced."""
    content = matlab(instance=np.ones((4, 4, 4)))
    assert content.count(struct.pack("<II", 5, 12)) == 1
    return content.replace(struct.pack("<II", 5, 12), struct.pack("<II", 5, 11))


GRIDS = [
    (b"", ".binvox", "not a binvox file (no '#binvox' header with 'dim')"),
    (LFS, ".binvox", "not a binvox file (it is a Git LFS pointer"),
    (
        BINVOX.replace(b"1", b"2", 1),
        ".binvox",
        "binvox files of version 2 are not read",
    ),
    (
        BINVOX.replace(b"2 2 2", b"2 2 3"),
        ".binvox",
        "the grid is not a cube; make it ag",
    ),
    (
        BINVOX.replace(b"2 2 2", b"0 0 0"),
        ".binvox",
        "the header claims 0 voxels a side",
    ),
    (BINVOX + b"\0\7", ".binvox", "the file is damaged: it holds 7 of 8 voxels; copy "),
    (
        BINVOX + b"\7\x08",
        ".binvox",
        "it holds other voxels than 0 and 1; copy or make ",
    ),
    (b"", ".mat", "the file is empty"),
    (b"OFF\n3 1 0\n", ".mat", "it is a .off file; rename it to end in .off"),
    (b"MATLAB 7.3 MAT-file", ".mat", "MATLAB 7.3 files are not read; save it with -v7"),
    (b"hello", ".mat", "not a whole MATLAB file of version 5 to 7"),
    (
        matlab(instance=np.eye(3))[:-9],
        ".mat",
        "not a whole MATLAB file: it is cut short",
    ),
    (matlab(voxels=1), ".mat", "the file has no 'instance', only voxels"),
    (matlab(instance=np.eye(3)), ".mat", "'instance' is no cubic grid but 3×3"),
    (
        matlab(instance=np.ones((2, 2, 2)) * 1j),
        ".mat",
        "'instance' holds no real number",
    ),
    (matlab(instance=np.ones((2, 2, 2)) * 3), ".mat", "other values than 0 and 1"),
    (matlab(instance=np.zeros((2, 2, 2))), ".mat", "the grid is empty"),
    (
        other_numbers(8, 64),
        ".mat",
        "not a whole MATLAB file: 'instance' holds no numbe",
    ),
    (
        other_numbers(2, 56),
        ".mat",
        "not a whole MATLAB file: 'instance' holds too few ",
    ),
    (long_name(), ".mat", "not a whole MATLAB file: a small element has 9 bytes"),
    (other_dimensions(), ".mat", "not a whole MATLAB file: a variable has no dimensio"),
    (other_numbers(2, 99), ".mat", "not a whole MATLAB file: it is cut short"),
]
