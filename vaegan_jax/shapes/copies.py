"""Which shapes are copies of each other: identical grids and mirror images."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
from jaxtyping import Bool, UInt8

T = TypeVar("T")
Grid = Bool[np.ndarray, "x y z"] | UInt8[np.ndarray, "x y z"]


def digest(voxels: Grid) -> str:
    """Of what is filled; identical grids have the same."""
    return hashlib.sha256(np.packbits(voxels > 0)).hexdigest()


def mirror_digest(voxels: Grid) -> str:
    """As `digest`, but the same for a grid and its mirror image, left to right (x)."""
    return min(digest(voxels), digest(voxels[::-1]))


def grouped(
    items: Sequence[T], keys: Callable[[T], Iterable[Hashable]]
) -> list[list[T]]:
    """Groups of items that share a key, directly or through further items.

    Args:
      items: in an order that the groups, sorted by their first items, keep.
      keys: of an item; one at least.
    """
    numbers: dict[Hashable, int] = {}
    edges = [
        (place, numbers.setdefault(key, len(numbers)))
        for place, item in enumerate(items)
        for key in keys(item)
    ]
    if not edges:
        return []
    places, keyed = np.array(edges).T
    size = len(items) + len(numbers)
    graph = scipy.sparse.coo_array(
        (np.ones(len(edges)), (places, keyed + len(items))), (size, size)
    )
    _, labels = scipy.sparse.csgraph.connected_components(graph, directed=False)
    groups: dict[int, list[T]] = {}
    for item, label in zip(items, labels[: len(items)].tolist(), strict=True):
        groups.setdefault(label, []).append(item)
    return list(groups.values())
