"""Arrays that are larger than memory: in a file, or coming part by part."""

import dataclasses
import itertools
import math
import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from vaegan_jax.errors import UserError

_PART = 1 << 23  # bytes that are read, or handed on, at a time


class StoredFile:
    """An open file, read at places: by several threads at once, without a position.

    Whatever replaces the file under its name, this one is read on.

    Args:
      descriptor: of the file, which may be closed after.
      damaged: what to tell if it has become shorter.
    """

    def __init__(self, descriptor: int, damaged: str):
        self._descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self._descriptor)
        self._damaged = damaged

    def read(self, buffer: np.ndarray, offset: int) -> None:
        """Fills an array of bytes.

        Raises:
          UserError: the file ends before.
        """
        while len(buffer):
            # Not `preadv`, which not every Unix has.
            found = os.pread(self._descriptor, len(buffer), offset)
            count = len(found)
            buffer[:count] = np.frombuffer(found, np.uint8)
            if not count:
                raise UserError(self._damaged)
            buffer, offset = buffer[count:], offset + count


@dataclasses.dataclass(frozen=True)
class Items:
    """Arrays of one shape, one after another in a file.

    Attributes:
      file: it.
      offset: of the first, in bytes.
      shape: of each.
      dtype: of their numbers.
    """

    file: StoredFile
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def nbytes(self) -> int:
        """Of each."""
        return math.prod(self.shape) * self.dtype.itemsize

    def read(self, numbers: np.ndarray) -> np.ndarray:
        """Those with these numbers (m,), as (m, *shape); neighbours at once."""
        found = np.empty((len(numbers), *self.shape), self.dtype)
        if not len(numbers):
            return found
        order = numbers.argsort(kind="stable")
        numbers, content = numbers[order], found.reshape(-1).view(np.uint8)
        ends = np.flatnonzero(np.diff(numbers) != 1) + 1
        for first, end in itertools.pairwise([0, *ends.tolist(), len(numbers)]):
            place = self.offset + int(numbers[first]) * self.nbytes
            self.file.read(content[first * self.nbytes : end * self.nbytes], place)
        return found if (order[1:] > order[:-1]).all() else found[order.argsort()]


class StoredArray:
    """An array in a file that is indexed along its leading axes, as NumPy's are.

    `array[key]` reads what the key asks for, and no more; `array.pick(key)` is a stored
    array of that, of which nothing is read yet. A key indexes the axes that number the
    items: rows, or rows and columns.

    Args:
      items: what is stored.
      numbers: which item is where in the array.
      decode: of items (m, …) the array's (m, …), as many; None if they are these.
    """

    def __init__(
        self,
        items: Items,
        numbers: np.ndarray,
        decode: Callable[[np.ndarray], np.ndarray] | None = None,
    ):
        self._items, self._numbers, self._decode = items, numbers, decode
        none = self._read(np.zeros(0, int))
        self._item_shape, self.dtype = none.shape[1:], none.dtype
        self.shape = (*numbers.shape, *self._item_shape)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return math.prod(self.shape) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, key: Any) -> np.ndarray:
        numbers = self._at(key)
        found = np.empty((numbers.size, *self._item_shape), self.dtype)
        flat = numbers.reshape(-1)
        size = rows_at_once(self._items.nbytes)
        for start in range(0, len(flat), size):
            part = slice(start, start + size)
            found[part] = self._read(flat[part])
        return found.reshape(*numbers.shape, *self._item_shape)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Its rows; some are read at a time."""
        return itertools.chain.from_iterable(parts(self))

    def pick(self, key: Any) -> "StoredArray":
        """As `array[key]`, still stored."""
        return StoredArray(self._items, self._at(key), self._decode)

    def mapped(self, function: Callable[[np.ndarray], np.ndarray]) -> "StoredArray":
        """Of the items what a function makes of them, as many, when they are read."""
        before = self._decode
        decode = (lambda found: function(before(found))) if before else function
        return StoredArray(self._items, self._numbers, decode)

    def _at(self, key: Any) -> np.ndarray:
        for part in key if isinstance(key, tuple) else (key,):
            if part is None or (part is Ellipsis and isinstance(key, tuple)):
                raise IndexError(f"{key} asks for more than the axes of the items")
        return np.asarray(self._numbers[key])

    def _read(self, numbers: np.ndarray) -> np.ndarray:
        found = self._items.read(numbers)
        return self._decode(found) if self._decode else found


@dataclasses.dataclass(frozen=True)
class Streamed:
    """An array that is gone through once, and never held whole.

    Attributes:
      shape, dtype: its.
      parts: of it, cut along the first axis.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    parts: Iterable[np.ndarray]


def pick(array: np.ndarray | StoredArray, key: Any) -> np.ndarray | StoredArray:
    """`array[key]`; of a stored one nothing is read yet."""
    return array.pick(key) if isinstance(array, StoredArray) else array[key]


def mapped(
    array: np.ndarray | StoredArray, function: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray | StoredArray:
    """What a function makes of the items of an array, as many; see `StoredArray`.

    Of one in memory it is given some rows at a time, for what is on the way to the
    result may take more than that.
    """
    if isinstance(array, StoredArray):
        return array.mapped(function)
    return np.concatenate(
        [function(part) for part in parts(array)] or [function(array)]
    )


def parts(array: np.ndarray | StoredArray | Streamed) -> Iterator[np.ndarray]:
    """An array cut along its first axis into parts of some megabytes."""
    if isinstance(array, Streamed):
        return iter(array.parts)
    size = rows_at_once(array.nbytes // max(1, len(array)))
    return (array[start : start + size] for start in range(0, len(array), size))


def rows_at_once(nbytes: int) -> int:
    """How many rows of so many bytes are some megabytes."""
    return max(1, _PART // max(1, nbytes))
