"""What a data set holds, in words and in a picture."""

import collections
import functools
import itertools
import math
import pathlib
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from vaegan_jax.data import packed_source
from vaegan_jax.data.dataset import existing
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.held_out import object_name
from vaegan_jax.data.provenance import describe, read_provenance
from vaegan_jax.data.view_cameras import known_or_usual
from vaegan_jax.errors import UserError, explain
from vaegan_jax.runtime.stored import parts
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.copies import digest
from vaegan_jax.shapes.drawing import draw_contact_sheet
from vaegan_jax.shapes.silhouettes import likeness_when_turned, quarter_turns

_TILE = 128  # pixels of the contact sheet's pictures
_COMPARED = 12  # shapes whose outlines are compared with their views
# Outlines of chairs have an IoU of 0.7 at least with their views, turned ones of 0.5 on
# average, and 0.03 less than as they are at least.
_ALIKE, _MORE_ALIKE = 0.6, 0.05
_LISTED = 20  # groups of identical shapes that are named


def report(path: str | pathlib.Path) -> str:
    """Counts, sizes, occupancy and duplicates of a data set, for people.

    Warns if most shapes lie or face in another way than their views show.

    Args:
      path: a data set directory or a packed file.

    Raises:
      UserError: there is no data set, or it is damaged.
    """
    path = existing(path)
    read, splits = _reader(path)
    facts = read_provenance(path)
    lines, seen = [], collections.defaultdict(list)
    for split in splits:
        whole, shares = read(split, None), []
        grids = itertools.chain.from_iterable(parts(whole.voxels))
        for name, grid in zip(whole.names, grids, strict=True):
            seen[digest(grid)].append(f"{split}/{name}")
            shares.append(grid.mean())
        views, side = read(split, 1).views, whole.voxels.shape[-1]
        lines.append(_row(split, side, views, np.array(shares)))
    # A deformed file has its originals several times: each is named once.
    groups = [list(dict.fromkeys(names)) for names in seen.values()]
    groups = [g for g in groups if len({object_name(n, facts) for n in g}) > 1]
    lines = [f"made by: {describe(facts)}", *lines, *_duplicates(groups, facts)]
    return "\n".join(lines + _frames(read, splits))


def draw(
    path: str | pathlib.Path,
    picture: str | pathlib.Path | None = None,
    num_shapes: int = 12,
) -> pathlib.Path:
    """Draws a contact sheet: views, each beside its voxels as seen from there.

    Args:
      path: a data set directory or a packed file.
      picture: the PNG to write; default `contact_sheet.png` in the directory, or beside
        the packed file.
      num_shapes: how many it shows, from all splits: the first ones of a directory,
        evenly spaced ones of a packed file.

    Returns:
      Where the picture is.

    Raises:
      UserError: there is no data set, it is damaged, or the picture's name is no PNG's
        or it cannot be written.
    """
    path = existing(path)
    default = path.with_suffix(".contact_sheet.png")
    picture = pathlib.Path(
        picture or (default if path.is_file() else path / "contact_sheet.png")
    )
    if picture.suffix.lower() != ".png":
        raise UserError(f"the picture {picture} must have a name that ends in .png")
    read, splits = _reader(path)
    shown = _some(read, splits, num_shapes)
    sheet = draw_contact_sheet(
        [f"{split}/{name}" for split, some in shown for name in some.names],
        np.concatenate([some.voxels for _, some in shown]).astype(bool),
        np.concatenate([some.views for _, some in shown]),
        [ring for _, some in shown for ring in _cameras(some)]
        if shown[0][1].views.shape[1]
        else None,
        _TILE,
    )
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(picture)
    except OSError as error:  # of a data set that others share, for instance
        raise UserError(
            f"cannot write {picture} ({explain(error)}); name another --picture"
        ) from error
    return picture


def _some(read, splits: list[str], num_shapes: int) -> list[tuple[str, Examples]]:
    """About as many shapes from all splits, with views."""
    each = max(1, math.ceil(num_shapes / len(splits)))
    return [(split, read(split, each)) for split in splits]


def _frames(read, splits: list[str]) -> list[str]:
    """A line if most shapes look turned, as their views show them."""
    turns, compared = collections.Counter(), 0
    for _, some in _some(read, splits, _COMPARED):
        if not some.views.shape[1]:
            continue
        grids = some.voxels.astype(bool)
        scales = [None] * len(some) if some.scales is None else some.scales.tolist()
        for grid, views, ring, scale in zip(
            grids, some.views, _cameras(some), scales, strict=True
        ):
            if not grid.any():
                continue
            compared += 1
            likeness = likeness_when_turned(grid, views, ring, scale)
            best = int(likeness.argmax())
            if likeness[best] >= max(_ALIKE, likeness[0] + _MORE_ALIKE):
                turns[best] += 1
    if turns.total() <= compared / 2:
        return []
    turn = quarter_turns()[turns.most_common(1)[0][0]]
    how = (
        "face another way than"
        if turn[2, 2] == 1
        else "stand on their heads, unlike"
        if turn[2, 2] == -1
        else "lie on a side or their backs, unlike"
    )
    return [
        f"warning: the voxels of {turns.total()} of {compared} shapes {how} their "
        "views show; look at the picture, and make the set again from voxels in the "
        "frame of the views (z up, front towards -y), or with another --up"
    ]


def _cameras(examples: Examples) -> list[list[ViewCamera]]:
    """Of the views of every shape, or the usual ones where they are unknown."""
    rows = examples.cameras if examples.cameras is not None else [None] * len(examples)
    return [known_or_usual(row, examples.views.shape[1]) for row in rows]


def _reader(path: pathlib.Path):
    """A function that opens a whole split, or reads some of its shapes with views."""
    if path.is_file() and path.suffix.lower() != ".npz":
        raise UserError(
            f"{path} is neither the directory of a data set nor a packed .npz file; "
            "vaegan prepare-data makes data sets of meshes and archives"
        )
    if path.is_file():
        splits, has_views = packed_source.contents(path)

        @functools.cache
        def whole(split: str) -> Examples:
            return packed_source.open_split(path, split, has_views)

        def read(split: str, count: int | None) -> Examples:
            if count is None:
                return whole(split)
            last = len(whole(split)) - 1
            # Evenly spaced, because deformed copies follow the originals.
            rows = np.linspace(0, last, min(count, last + 1)).round().astype(int)
            return whole(split).take(rows).read()

    else:
        from vaegan_jax.data import tfds_source

        info = tfds_source.open_builder(path).info
        splits, has_views = list(info.splits), "views" in info.features

        def read(split: str, count: int | None) -> Examples:
            if count is None:
                return tfds_source.stream_split(path, split, None)
            size = _TILE if has_views else None
            return tfds_source.read_split(path, split, size, count)

    if not splits:
        raise UserError(f"{path} is not a data set: it has no splits; prepare it again")
    return read, splits


def _row(
    split: str,
    resolution: int,
    some: UInt8[np.ndarray, "some v h w c"],
    share: Float[np.ndarray, " n"],
) -> str:
    num_views, channels = some.shape[1], some.shape[-1]
    views = f"{num_views} views each" if num_views else "no views"
    if channels > 1:
        views += f" of {channels} channels"
    return (
        f"{split}: {len(share)} shapes of {resolution}³, {views}; "
        f"occupied on average {share.mean():.1%}, from {share.min():.1%} to "
        f"{share.max():.1%}; "
        f"{int((share == 0).sum())} empty, {int((share == 1).sum())} full"
    )


def _duplicates(groups: list[list[str]], facts: dict[str, Any]) -> list[str]:
    """Lines on identical shapes, those across splits first, and the remedy if any."""
    across = [g for g in groups if len({name.split("/")[0] for name in g}) > 1]
    within = [group for group in groups if group not in across]
    remedy = groups and facts.get("drop_duplicates") is False  # not all commands do
    lines = [
        f"groups of identical shapes: {len(within)} within a split, {len(across)} "
        "across splits"
        + ("; made with --drop_duplicates, it keeps one of each" if remedy else "")
    ]
    named = [*across, *within]
    lines += [f"  {' = '.join(group)}" for group in named[:_LISTED]]
    return lines + [f"  … and {len(named) - _LISTED} more"] * (len(named) > _LISTED)
