"""Which shapes train, which validate and which test."""

import hashlib
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

SPLITS = ("train", "validation", "test")
T = TypeVar("T")


def with_validation(
    splits: Mapping[str, Sequence[T]], key: Callable[[T], Any]
) -> dict[str, list[T]]:
    """The splits in their order; without a validation split, a tenth of train is it.

    These are the training shapes with every tenth of the sorted keys (index 0, 10,
    20, …); shapes with one key stay together.

    Args:
      splits: the shapes of every split.
      key: of a shape, by which to sort: its name, or that of its object.
    """
    splits = {name: sorted(shapes, key=key) for name, shapes in splits.items()}
    groups = [
        list(group) for _, group in itertools.groupby(splits.get("train", ()), key)
    ]
    if "validation" not in splits and len(groups) > 1:
        splits["validation"] = _flat(groups[::10])
        splits["train"] = _flat(group for i, group in enumerate(groups) if i % 10)
    return {name: splits[name] for name in SPLITS if name in splits}


def seeded_splits(
    shapes: Iterable[T], key: Callable[[T], str], seed: int
) -> dict[str, list[T]]:
    """Random splits: of ten keys, eight train, one validates and one tests.

    The draw depends on the keys and the seed alone. At least one key validates where
    there are two, and one tests where there are three.
    """

    def draw(group: list[T]) -> str:
        return hashlib.sha256(f"{seed}/{key(group[0])}".encode()).hexdigest()

    groups = sorted(_grouped(sorted(shapes, key=key), key), key=draw)
    tenth = max(1, round(len(groups) / 10))
    ends = {"validation": tenth, "test": 2 * tenth}
    if len(groups) < 3:
        ends = {"validation": len(groups) - 1, "test": len(groups) - 1}
    splits = {
        "validation": _flat(groups[: ends["validation"]]),
        "test": _flat(groups[ends["validation"] : ends["test"]]),
        "train": _flat(groups[ends["test"] :]),
    }
    return {name: splits[name] for name in SPLITS if splits[name]}


def _grouped(shapes: Iterable[T], key: Callable[[T], Any]) -> list[list[T]]:
    return [list(group) for _, group in itertools.groupby(shapes, key)]


def _flat(groups: Iterable[Iterable[T]]) -> list[T]:
    return list(itertools.chain.from_iterable(groups))
