"""Which voxel grid belongs to which view images, by their names.

Grids: `…/<category>/<split>/<NAME>.binvox`. Views, as in the ModelNet image archives:
`…/<category>/<split>/<NAME>_001.png`, `_002.png`, … in the order of the cameras.
"""

import collections
import dataclasses
import re

from data_prep.archives import Archive
from data_prep.duplicates import drop_copies, find_duplicates, report_duplicates
from data_prep.splits import split_of_folder, with_validation
from vaegan_jax.errors import UserError

_VIEW = re.compile(r"(?P<name>.+)_(?P<number>\d{3,})\.png", re.IGNORECASE)

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
      duplicates: groups of `split/name` of identical shapes.
      dropped: how many of them were left out.
    """

    splits: dict[str, list[Pair]]
    num_views: int
    without_views: list[str]
    without_voxels: list[str]
    duplicates: list[list[str]] = dataclasses.field(default_factory=list)
    dropped: int = 0

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
        lines += report_duplicates(self.duplicates, self.dropped)
        return "\n".join(lines) + "\n"

    def with_duplicates(self, digests: dict[str, str], drop: bool) -> "Pairing":
        """The same with its duplicates known, and only one of each left if asked.

        Args:
          digests: by the path of a grid; equal for identical grids.
          drop: leave the copies out.
        """
        groups = find_duplicates(
            self.splits, lambda pair: digests[pair.voxels], lambda pair: pair.voxels
        )
        splits, dropped = drop_copies(self.splits, groups if drop else [])
        names = [[f"{split}/{pair.name}" for split, pair in group] for group in groups]
        return dataclasses.replace(
            self, splits=splits, duplicates=names, dropped=len(dropped)
        )


def pair_archives(voxels: Archive, views: Archive, category: str | None) -> Pairing:
    """Pairs grids and views by category, split and name.

    Where there is no validation split, every tenth of the sorted names of the train
    split (index 0, 10, 20, …) becomes one.

    Raises:
      UserError: if nothing pairs up or shapes differ in their number of views.
    """
    grids = _find_grids(voxels, category)
    images = _find_views(views, category)
    keys = sorted(grids.keys() & images.keys())
    if not keys:
        wanted = f" of category {category!r}" if category else ""
        raise UserError(
            f"No shape{wanted} has both a grid in {voxels.path} ({len(grids)} found) "
            f"and views in {views.path} ({len(images)} found); names must match, as "
            "chair/train/NAME.binvox and chair/train/NAME_001.png do."
        )
    splits = collections.defaultdict(list)
    for key in keys:
        splits[key[1]].append(Pair(*key, grids[key], images[key]))
    return Pairing(
        with_validation(splits, lambda pair: pair.name),
        _number_of_views(keys, images, views),
        ["/".join(key) for key in sorted(grids.keys() - images.keys())],
        ["/".join(key) for key in sorted(images.keys() - grids.keys())],
    )


def _find_grids(archive: Archive, category: str | None) -> dict[Key, str]:
    found = {}
    for path in archive.names(".binvox"):
        key = _key(path, path.rsplit("/", 1)[-1][: -len(".binvox")])
        if category in (None, key[0]):
            _add_once(found, key, path, archive)
    return found


def _find_views(archive: Archive, category: str | None) -> dict[Key, tuple[str, ...]]:
    numbered = collections.defaultdict(dict)
    for path in archive.names(".png"):
        match = _VIEW.fullmatch(path.rsplit("/", 1)[-1])
        if match is None:
            continue
        key = _key(path, match["name"])
        if category in (None, key[0]):
            _add_once(numbered[key], int(match["number"]), path, archive)
    return {
        key: tuple(views[number] for number in sorted(views))
        for key, views in numbered.items()
    }


def _add_once(found: dict, key, path: str, archive: Archive) -> None:
    if key in found:
        raise UserError(
            f"{archive.path}: {found[key]} and {path} are the same shape or view; "
            "remove one of them."
        )
    found[key] = path


def _key(path: str, name: str) -> Key:
    """Category, split and name from a path; without folders, all is training data."""
    folders = path.split("/")[:-1]
    if folders and (split := split_of_folder(folders[-1])):
        return (folders[-2] if len(folders) > 1 else ""), split, name
    return (folders[-1] if folders else ""), "train", name


def _number_of_views(keys, images, archive: Archive) -> int:
    counts = collections.Counter(len(images[key]) for key in keys)
    usual = counts.most_common(1)[0][0]
    odd = [key for key in keys if len(images[key]) != usual]
    if odd:
        raise UserError(
            f"{archive.path}: {'/'.join(odd[0])} has {len(images[odd[0]])} views and "
            f"{len(odd) - 1} other shapes differ too, but most have {usual}; add the "
            "missing images or remove those shapes."
        )
    return usual
