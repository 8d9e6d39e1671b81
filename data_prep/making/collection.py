"""Made shapes sorted into splits, with their duplicates, and a report for people."""

import collections
import dataclasses
from collections.abc import Mapping, Sequence

from vaegan_jax.shapes.ignored_files import report_ignored

from .duplicates import drop_copies, find_duplicates, report_duplicates
from .splits import seeded_splits, with_validation
from .workshop import Made


@dataclasses.dataclass(frozen=True)
class Collection:
    """The shapes of a data set.

    Attributes:
      splits: the shapes of every split.
      duplicates: groups of `split/name` of identical shapes of different objects.
      dropped: `split/name` of duplicates that were left out.
      skipped: paths of files that could not be used, with the reasons.
      ignored: paths of files that nobody meant as shapes.
    """

    splits: dict[str, list[Made]]
    duplicates: list[list[str]]
    dropped: list[str]
    skipped: dict[str, str]
    ignored: Sequence[str] = ()

    def report(self) -> str:
        """What became of every file, for people."""
        lines = []
        for split, shapes in self.splits.items():
            counts = collections.Counter(made.file.category for made in shapes)
            each = ", ".join(f"{n} {c}" for c, n in sorted(counts.items()) if c)
            lines.append(f"{split}: {len(shapes)} shapes{f' ({each})' if each else ''}")
        lines += report_skipped(self.skipped)
        lines += report_ignored(self.ignored)
        lines += report_duplicates(self.duplicates, len(self.dropped))
        return "\n".join(lines) + "\n"


def report_skipped(skipped: Mapping[str, str]) -> list[str]:
    """Lines for people on the files that could not be used, with the reasons."""
    lines = [f"  {path}: {reason}" for path, reason in skipped.items()]
    return [f"skipped files: {len(skipped)}", *lines]


def arrange(
    shapes: Sequence[Made],
    skipped: Mapping[str, str],
    seed: int = 0,
    drop_duplicates: bool = False,
) -> Collection:
    """Sorts shapes into splits.

    Splits that the files came in are kept; if there was none for validation, a tenth
    of the training shapes becomes it. Files without splits are drawn by the seed. Where
    a split is made here, shapes of one object, identical shapes and mirror images stay
    together.

    Args:
      shapes: sorted by key.
      skipped: what to report as such.
      seed: of the draw.
      drop_duplicates: keep only one of identical shapes of different objects.
    """
    owner = lambda made: made.file.object or made.file.key  # noqa: E731
    same = lambda made: (("of", owner(made)), made.mirror_digest)  # noqa: E731
    if any(made.file.split for made in shapes):
        splits = collections.defaultdict(list)
        for made in shapes:
            splits[made.file.split or "train"].append(made)
        splits = with_validation(splits, owner, same)
    else:
        splits = seeded_splits(shapes, owner, same, seed)
    duplicates = find_duplicates(splits, lambda made: made.digest, owner)
    dropped = []
    if drop_duplicates:
        splits, dropped = drop_copies(splits, duplicates)
    return Collection(
        {split: members for split, members in splits.items() if members},
        [[_name(split, made) for split, made in group] for group in duplicates],
        [_name(split, made) for split, made in dropped],
        dict(skipped),
    )


def _name(split: str, made: Made) -> str:
    return f"{split}/{made.file.name}"
