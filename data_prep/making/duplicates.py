"""Identical shapes: found, told of, and dropped if asked."""

import collections
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Shape = TypeVar("Shape")
Group = list[tuple[str, Shape]]  # split and shape

# Of identical shapes in several splits, the first of these keeps its copy: what others
# compare on must not change.
_PRECEDENCE = ("test", "validation", "train")
_LISTED = 20  # groups that a report names


def find_duplicates(
    splits: Mapping[str, Sequence[Shape]],
    digest: Callable[[Shape], str],
    identity: Callable[[Shape], str],
) -> list[Group]:
    """Groups of identical shapes of different objects, the one to keep first.

    Args:
      splits: the shapes of every split.
      digest: equal for identical shapes.
      identity: of the object that a shape shows.
    """
    groups = collections.defaultdict(list)
    for split in _PRECEDENCE:
        for shape in splits.get(split, ()):
            groups[digest(shape)].append((split, shape))
    return [
        group
        for group in groups.values()
        if len({identity(shape) for _, shape in group}) > 1
    ]


def drop_copies(
    splits: Mapping[str, Sequence[Shape]], groups: Sequence[Group]
) -> tuple[dict[str, list[Shape]], Group]:
    """The splits with only the first shape of every group, and what was dropped."""
    copies = {id(shape) for group in groups for _, shape in group[1:]}
    kept, dropped = {}, []
    for split, shapes in splits.items():
        kept[split] = [shape for shape in shapes if id(shape) not in copies]
        dropped += [(split, shape) for shape in shapes if id(shape) in copies]
    return kept, dropped


def report_duplicates(groups: Sequence[Sequence[str]], dropped: int) -> list[str]:
    """Lines for people.

    Args:
      groups: `split/name` of identical shapes.
      dropped: how many of them were left out.
    """
    across = [g for g in groups if len({name.split("/")[0] for name in g}) > 1]
    remedy = ""
    if dropped:
        remedy = f"; copies dropped: {dropped}"
    elif groups:
        remedy = "; --drop_duplicates keeps one of each"
    lines = [
        f"groups of identical shapes: {len(groups)}, "
        f"{len(across)} of them across splits{remedy}"
    ]
    lines += [f"  {' = '.join(group)}" for group in groups[:_LISTED]]
    if len(groups) > _LISTED:
        lines.append(f"  … and {len(groups) - _LISTED} more")
    return lines
