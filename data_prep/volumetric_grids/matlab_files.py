"""Arrays of numbers in MATLAB files of version 5 to 7.

The format: https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf. scipy 1.17
reads it too, but damaged files can crash the process in which it does
(https://github.com/scipy/scipy/pull/25349).
"""

import dataclasses
import math
import re
import zlib
from collections.abc import Iterator

import numpy as np

from vaegan_jax.errors import UserError

_HEADER, _TAG = 128, 8  # bytes
_MATRIX, _COMPRESSED = 14, 15  # kinds of elements
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"}
_NUMBERS |= {12: "i8", 13: "u8"}
_NUMERIC_CLASSES = range(6, 16)
_COMPLEX = 1 << 11  # a flag
_LONGEST_START = 4096  # bytes that hold flags, dimensions and name of a variable
_LONGEST_NAME = 63
_DAMAGED = "not a whole MATLAB file"


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable of a file, whose numbers are read when they are asked for.

    Attributes:
      name: in MATLAB.
      shape: of the array.
      is_numeric: whether it holds real numbers, not text, cells and so on.
    """

    name: str
    shape: tuple[int, ...]
    is_numeric: bool
    _content: bytes = dataclasses.field(repr=False)
    _compressed: bool
    _order: str

    def read(self) -> np.ndarray:
        """Its numbers, in the shape and order of MATLAB.

        Raises:
          UserError: if the file is damaged.
        """
        size = math.prod(self.shape)
        content = self._content
        if self._compressed:
            content = _decompress(content, _LONGEST_START + 8 * size)[_TAG:]
        position = 0
        for _ in range(3):
            position = _element(content, position, self._order)[2]
        kind, data, _ = _element(content, position, self._order)
        if kind not in _NUMBERS:
            raise UserError(f"{_DAMAGED}: {self.name!r} holds no numbers")
        numbers = np.dtype(self._order + _NUMBERS[kind])
        if len(data) != size * numbers.itemsize:
            raise UserError(f"{_DAMAGED}: {self.name!r} holds too few or many numbers")
        return np.frombuffer(data, numbers).reshape(self.shape, order="F")


def read_variables(content: bytes) -> Iterator[Variable]:
    """The variables of a file.

    Raises:
      UserError: if it is no such file, or damaged.
    """
    marks = {b"IM": "<", b"MI": ">"}
    if content.startswith(b"MATLAB 7.3") or content[512:520] == b"\x89HDF\r\n\x1a\n":
        raise UserError("MATLAB 7.3 files are not read; save it with -v7")
    if len(content) < _HEADER or content[126:128] not in marks:
        raise UserError(f"{_DAMAGED} of version 5 to 7")
    order, position = marks[content[126:128]], _HEADER
    while position < len(content):
        kind, data, position = _element(content, position, order)
        compressed = kind == _COMPRESSED
        if compressed:
            start = _decompress(data, _LONGEST_START)
            kind = int.from_bytes(start[:4], "little" if order == "<" else "big")
        if kind == _MATRIX:
            start = start[_TAG:] if compressed else data
            yield _variable(start, data, compressed, order)


def _variable(start: bytes, content: bytes, compressed: bool, order: str) -> Variable:
    _, flags, position = _element(start, 0, order)
    _, dimensions, position = _element(start, position, order)
    _, name, _ = _element(start, position, order)
    if len(flags) < 4 or len(dimensions) % 4:
        raise UserError(f"{_DAMAGED}: a variable has no dimensions")
    (flags,) = np.frombuffer(flags[:4], order + "u4")
    return Variable(
        re.sub(r"\W", "?", name[:_LONGEST_NAME].decode("latin-1")),
        tuple(map(int, np.frombuffer(dimensions, order + "i4"))),
        (int(flags) & 0xFF) in _NUMERIC_CLASSES and not int(flags) & _COMPLEX,
        content,
        compressed,
        order,
    )


def _element(content: bytes, position: int, order: str) -> tuple[int, bytes, int]:
    """The kind and content of a data element, and where the next begins."""
    tag = content[position : position + _TAG]
    if len(tag) < _TAG:
        raise UserError(f"{_DAMAGED}: it is cut short")
    kind, size = (int(number) for number in np.frombuffer(tag, order + "u4"))
    if kind >> 16:  # up to four bytes within the tag
        size, kind = kind >> 16, kind & 0xFFFF
        if size > 4:
            raise UserError(f"{_DAMAGED}: a small element has {size} bytes")
        return kind, tag[4 : 4 + size], position + _TAG
    begin = position + _TAG
    if begin + size > len(content):
        raise UserError(f"{_DAMAGED}: it is cut short")
    padding = 0 if kind == _COMPRESSED else -size % 8
    return kind, content[begin : begin + size], begin + size + padding


def _decompress(data: bytes, most: int) -> bytes:
    """No more than the first bytes, whatever the data unfold to."""
    try:
        return zlib.decompressobj().decompress(data, most)
    except zlib.error as error:
        raise UserError(f"{_DAMAGED} ({error})") from error
