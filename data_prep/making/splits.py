"""Which shapes train, which validate and which test."""

import hashlib
import itertools
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from vaegan_jax.shapes.copies import grouped

SPLITS = ("train", "validation", "test")
T = TypeVar("T")

# What makes shapes one group: they share one of these, directly or through others.
Keys = Callable[[T], Iterable[Hashable]]


def with_validation(
    splits: Mapping[str, Sequence[T]], name: Callable[[T], Any], same: Keys
) -> dict[str, list[T]]:
    """The splits in their order; without a validation split, a tenth of train is it.

    These are every tenth group of training shapes (index 0, 10, 20, …), in the order of
    the first names of the groups. Groups of very many shapes train.

    Args:
      splits: the shapes of every split.
      name: of a shape, by which to sort.
      same: what makes shapes one group, which is never divided.
    """
    splits = {split: sorted(shapes, key=name) for split, shapes in splits.items()}
    groups = grouped(splits.get("train", ()), same)
    if "validation" not in splits and len(groups) > 1:
        usual, large = _by_size(groups)
        rest = (group for i, group in enumerate(usual) if i % 10)
        splits["validation"] = sorted(_flat(usual[::10]), key=name)
        splits["train"] = sorted(_flat([*rest, *large]), key=name)
    return {split: splits[split] for split in SPLITS if split in splits}


def seeded_splits(
    shapes: Iterable[T], name: Callable[[T], str], same: Keys, seed: int
) -> dict[str, list[T]]:
    """Random splits: of ten groups, eight train, one validates and one tests.

    The draw depends on the first names of the groups and the seed alone. At least one
    group validates where there are two, and one tests where there are three. Groups of
    very many shapes train.
    """

    def draw(group: list[T]) -> str:
        return hashlib.sha256(f"{seed}/{name(group[0])}".encode()).hexdigest()

    groups, large = _by_size(grouped(sorted(shapes, key=name), same))
    groups.sort(key=draw)
    tenth = max(1, round(len(groups) / 10))
    ends = {"validation": tenth, "test": 2 * tenth}
    if len(groups) + len(large) < 3:
        ends = dict.fromkeys(ends, len(groups) + len(large) - 1)
    splits = {
        "validation": _flat(groups[: ends["validation"]]),
        "test": _flat(groups[ends["validation"] : ends["test"]]),
        "train": _flat([*groups[ends["test"] :], *large]),
    }
    return {split: splits[split] for split in SPLITS if splits[split]}


def _by_size(groups: list[list[T]]) -> tuple[list[list[T]], list[list[T]]]:
    """Usual groups, and those that hold over a third of all and more than most do."""
    sizes = sorted(map(len, groups))
    limit = max(sum(sizes) / 3, sizes[len(sizes) // 2]) if sizes else 0
    usual = [group for group in groups if len(group) <= limit]
    return usual, [group for group in groups if len(group) > limit]


def _flat(groups: Iterable[Iterable[T]]) -> list[T]:
    return list(itertools.chain.from_iterable(groups))
