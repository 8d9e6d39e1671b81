"""Which voxel grid belongs to which view images, by their names.

Grids: `…/<category>/<split>/<NAME>.binvox`. Views, as in the ModelNet image archives:
`…/<category>/<split>/<NAME>_001.png`, `_002.png`, … in the order of the cameras.
"""

import collections
import dataclasses
import re
from collections.abc import Mapping, Sequence

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.ignored_files import report_ignored

from ..archives.archive import Archive
from ..archives.listing import (
    NamedFiles,
    known_category,
    list_files,
    split_of_folder,
)
from ..making.collection import report_skipped
from ..making.duplicates import drop_copies, find_duplicates, report_duplicates
from ..making.splits import SPLITS, with_validation

_VIEW = re.compile(r"(?P<name>.+)_(?P<number>\d{3,})\.png", re.IGNORECASE)

_R2N2_VIEW = re.compile(r"(^|/)rendering/\d\d\.png$")

Key = tuple[str, str, str]  # category, split, name


@dataclasses.dataclass(frozen=True)
class Pair:
    """A shape: where its grid and its views, in order, are in their archives."""

    category: str
    split: str
    name: str
    voxels: str
    views: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Pairing:
    """All shapes of two archives.

    Attributes:
      splits: the shapes of every split, sorted by name.
      num_views: how many views each has.
      without_views, without_voxels: `category/split/name` of what lacks a partner.
      skipped: paths of files that cannot be used, with the reasons.
      duplicates: groups of `split/name` of identical shapes.
      dropped: how many of them were left out.
      ignored: paths of files that nobody meant as grids or views.
      unnumbered: paths of images whose names tell no shape and number.
    """

    splits: dict[str, list[Pair]]
    num_views: int
    without_views: list[str]
    without_voxels: list[str]
    skipped: dict[str, str]
    duplicates: list[list[str]] = dataclasses.field(default_factory=list)
    dropped: int = 0
    ignored: Sequence[str] = ()
    unnumbered: Sequence[str] = ()

    @property
    def pairs(self) -> list[Pair]:
        """The shapes of all splits."""
        return [pair for pairs in self.splits.values() for pair in pairs]

    def report(self) -> str:
        """What was paired and what was not, for people."""
        lines = [f"{name}: {len(pairs)} shapes" for name, pairs in self.splits.items()]
        lines.append(f"{self.num_views} views each")
        for what, names in (
            ("grids without views", self.without_views),
            ("views without a grid", self.without_voxels),
        ):
            lines.append(f"{what}: {len(names)}")
            lines += [f"  {name}" for name in names]
        lines += report_skipped(self.skipped)
        lines += report_ignored(self.ignored)
        lines += [text] if (text := _passed_over(self.unnumbered)) else []
        lines += report_duplicates(self.duplicates, self.dropped)
        return "\n".join(lines) + "\n"

    def only(self, pairs: Sequence[Pair], skipped: Mapping[str, str]) -> "Pairing":
        """The same of some of the pairs, and more files that cannot be used."""
        skipped = dict(sorted((self.skipped | skipped).items()))
        return dataclasses.replace(self, splits=_split(pairs), skipped=skipped)

    def arranged(self, digests: Mapping[str, tuple[str, str]], drop: bool) -> "Pairing":
        """The same with a validation split, and with its duplicates known.

        Where there is no validation split, a tenth of train becomes one, see
        `with_validation`; identical grids and mirror images stay together.

        Args:
          digests: by the path of a grid, its `digest` and `mirror_digest`.
          drop: leave all but one of identical grids out.
        """
        splits = with_validation(
            self.splits,
            lambda pair: pair.name,
            lambda pair: (("named", pair.name), digests[pair.voxels][1]),
        )
        groups = find_duplicates(
            splits, lambda pair: digests[pair.voxels][0], lambda pair: pair.voxels
        )
        splits, dropped = drop_copies(splits, groups if drop else [])
        names = [[f"{split}/{pair.name}" for split, pair in group] for group in groups]
        return dataclasses.replace(
            self, splits=splits, duplicates=names, dropped=len(dropped)
        )


def pair_archives(
    voxels: Archive, views: Archive, categories: Sequence[str] = ()
) -> Pairing:
    """Pairs grids and views by category, split and name.

    Splits are those of the folders. Shapes that differ from most in their number of
    views, and files that name a shape or view a second time, are skipped.

    Args:
      voxels, views: the archives.
      categories: take only these, by name or ShapeNet number; empty takes all.

    Raises:
      UserError: if nothing pairs up, or nothing of one of the categories.
    """
    wanted = {known_category(category) for category in categories}
    grid_files = list_files(voxels, (".binvox",))
    view_files = list_files(views, (".png",))
    grids, skipped = _find_grids(grid_files, wanted)
    images, skipped_views = _find_views(view_files, wanted)
    unnumbered = [
        path
        for path, parts in view_files.parts.items()
        if not _VIEW.fullmatch(parts[-1])
    ]
    keys = sorted(grids.keys() & images.keys())
    absent = wanted - {category for category, _, _ in keys}
    if absent or not keys:
        which = f" of category {' or '.join(sorted(absent))}" if absent else ""
        passed = f"; {text}" if (text := _passed_over(unnumbered)) else ""
        raise UserError(
            f"No shape{which} has both a grid in {voxels.path} ({len(grids)} found) "
            f"and views in {views.path} ({len(images)} found); names must match, as "
            f"chair/train/NAME.binvox and chair/train/NAME_001.png do{passed}."
        )
    counts = collections.Counter(len(images[key]) for key in keys)
    usual = counts.most_common(1)[0][0]
    odd = {
        images[key][0]: f"{'/'.join(key)} has {len(images[key])} views, but most "
        f"shapes have {usual}"
        for key in keys
        if len(images[key]) != usual
    }
    return Pairing(
        _split(
            [Pair(*k, grids[k], images[k]) for k in keys if len(images[k]) == usual]
        ),
        usual,
        ["/".join(key) for key in sorted(grids.keys() - images.keys())],
        ["/".join(key) for key in sorted(images.keys() - grids.keys())],
        dict(sorted((skipped | skipped_views | odd).items())),
        ignored=grid_files.ignored + view_files.ignored,
        unnumbered=unnumbered,
    )


def _split(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    splits = collections.defaultdict(list)
    for pair in pairs:
        splits[pair.split].append(pair)
    return {name: splits[name] for name in SPLITS if name in splits}


def _find_grids(
    files: NamedFiles, wanted: set[str]
) -> tuple[dict[Key, str], dict[str, str]]:
    """Paths of grids, and those that cannot be used with the reasons."""
    found, skipped = {}, dict(files.rejected)
    for path, parts in files.parts.items():
        key = _key(parts, parts[-1][: -len(".binvox")])
        if not wanted or key[0] in wanted:
            _add_once(found, key, path, skipped)
    return found, skipped


def _find_views(
    files: NamedFiles, wanted: set[str]
) -> tuple[dict[Key, tuple[str, ...]], dict[str, str]]:
    """As `_find_grids`, the views of every shape in their order."""
    numbered, skipped = collections.defaultdict(dict), dict(files.rejected)
    for path, parts in files.parts.items():
        match = _VIEW.fullmatch(parts[-1])
        if match is None:
            continue
        key = _key(parts, match["name"])
        if not wanted or key[0] in wanted:
            _add_once(numbered[key], int(match["number"]), path, skipped)
    found = {
        key: tuple(views[number] for number in sorted(views))
        for key, views in numbered.items()
    }
    return found, skipped


def _passed_over(unnumbered: Sequence[str]) -> str:
    """Says which images tell no shape and number, and why if that is known."""
    if not unnumbered:
        return ""
    first = unnumbered[0]
    text = f"images passed over, not called NAME_001.png: {len(unnumbered)} ({first})"
    if _R2N2_VIEW.search(first):
        text += (
            ", which is the layout of 3D-R2N2's ShapeNetRendering: use the command r2n2"
        )
    return text


def _add_once(found: dict, key, path: str, skipped: dict[str, str]) -> None:
    if key in found:
        skipped[path] = f"{found[key]} is the same shape or view; remove one of them"
    else:
        found[key] = path


def _key(parts: Sequence[str], name: str) -> Key:
    """Category, split and name from a path; without folders, all is training data."""
    *folders, _ = parts
    split = split_of_folder(folders[-1]) if folders else None
    if split:
        folders = folders[:-1]
    return known_category(folders[-1] if folders else ""), split or "train", name
