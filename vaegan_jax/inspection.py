"""What a data set holds, in words and in a picture."""

import collections
import math
import pathlib

import numpy as np
from jaxtyping import UInt8

from vaegan_jax.dataset import Examples, existing
from vaegan_jax.errors import UserError
from vaegan_jax.provenance import describe, read_provenance
from vaegan_jax.shapes import draw_contact_sheet

_TILE = 128  # pixels of the contact sheet's pictures
_LISTED = 20  # groups of identical shapes that are named


def inspect(
    path: str | pathlib.Path,
    picture: str | pathlib.Path | None = None,
    num_shapes: int = 12,
) -> str:
    """Counts, sizes, occupancy and duplicates of a data set; draws a contact sheet.

    Args:
      path: a data set directory or a packed file.
      picture: the PNG to write; default `contact_sheet.png` in the directory, or beside
        the packed file.
      num_shapes: how many the picture shows, from all splits.

    Returns:
      A report for people.

    Raises:
      UserError: there is no data set, or it is damaged.
    """
    path = existing(path)
    read, splits = _reader(path)
    if not splits:
        raise UserError(f"{path} has no splits; prepare the data set again")
    default = path.with_suffix(".contact_sheet.png")
    picture = pathlib.Path(
        picture or (default if path.is_file() else path / "contact_sheet.png")
    )
    each = max(1, math.ceil(num_shapes / len(splits)))
    shown, lines, seen = [], [], collections.defaultdict(list)
    for split in splits:
        whole = read(split, None)
        sample = read(split, each)
        shown.append((split, sample))
        lines.append(_row(split, whole, sample))
        for name, grid in zip(whole.names, whole.voxels, strict=True):
            seen[np.packbits(grid).tobytes()].append(f"{split}/{name}")
    picture.parent.mkdir(parents=True, exist_ok=True)
    _draw(shown).save(picture)
    return "\n".join(
        [
            f"made by: {describe(read_provenance(path))}",
            *lines,
            *_duplicates(list(seen.values())),
            f"contact sheet: {picture}",
        ]
    )


def _reader(path: pathlib.Path):
    """A function that reads a split, whole without views or some shapes with them."""
    if path.is_file():
        from vaegan_jax import packed_data

        splits, has_views = packed_data.contents(path)

        def read(split: str, count: int | None) -> Examples:
            some = packed_data.read_split(path, split, has_views and count is not None)
            return Examples(some.names[:count], some.voxels[:count], some.views[:count])

    else:
        from vaegan_jax import input_pipeline

        info = input_pipeline.open_builder(path).info
        splits, has_views = list(info.splits), "views" in info.features

        def read(split: str, count: int | None) -> Examples:
            size = _TILE if has_views and count is not None else None
            return input_pipeline.read_split(path, split, size, count)

    return read, splits


def _row(split: str, whole: Examples, sample: Examples) -> str:
    share = whole.voxels.reshape(len(whole), -1).mean(axis=1)
    views = sample.views.shape[1]
    return (
        f"{split}: {len(whole)} shapes of {whole.voxels.shape[-1]}³, "
        f"{f'{views} views each' if views else 'no views'}; occupied on average "
        f"{share.mean():.1%}, from {share.min():.1%} to {share.max():.1%}; "
        f"{int((share == 0).sum())} empty, {int((share == 1).sum())} full"
    )


def _duplicates(groups: list[list[str]]) -> list[str]:
    """Lines on identical shapes, those across splits first."""
    groups = [group for group in groups if len(group) > 1]
    across = [g for g in groups if len({name.split("/")[0] for name in g}) > 1]
    within = [group for group in groups if group not in across]
    lines = [
        f"groups of identical shapes: {len(within)} within a split, {len(across)} "
        "across splits"
        + ("; made with --drop_duplicates, it keeps one of each" if groups else "")
    ]
    named = [*across, *within]
    lines += [f"  {' = '.join(group)}" for group in named[:_LISTED]]
    return lines + [f"  … and {len(named) - _LISTED} more"] * (len(named) > _LISTED)


def _draw(shown: list[tuple[str, Examples]]):
    names = [f"{split}/{name}" for split, some in shown for name in some.names]
    voxels = np.concatenate([some.voxels for _, some in shown])
    views = np.concatenate([some.views for _, some in shown])
    return draw_contact_sheet(names, voxels.astype(bool), _grey(views), _TILE)


def _grey(views: UInt8[np.ndarray, "n v h w c"]) -> UInt8[np.ndarray, "n v h w 1"]:
    return views[..., :1]
