"""Whether the grids and images of pairs can be used; this runs in many processes.

This module is loaded in every worker process, so it imports no TensorFlow.
"""

import collections
import dataclasses
import io
import operator

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image, UnidentifiedImageError

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.colours import MODES
from vaegan_jax.shapes.copies import digest, mirror_digest
from vaegan_jax.shapes.frames import scale_of_file
from vaegan_jax.shapes.orientation import Turn, turn_grid
from vaegan_jax.shapes.pictures.files import PICTURE_FORMATS
from vaegan_jax.shapes.voxel_files import read_binvox, side_of_binvox

from ..archives.archive import Archive, open_once
from ..making.parallel import parallel_map
from .pairing import Pair, Pairing


@dataclasses.dataclass(frozen=True)
class Checked:
    """What was found in the files of a pair.

    Attributes:
      pair: the shape.
      sizes: voxels a side of its grid and pixels a side of its views.
      digests: of its voxels, and of them or their mirror image, see `copies`.
      bad: the archive and the path of a file that cannot be used.
      reason: why not.
    """

    pair: Pair
    sizes: tuple[int, int] = (0, 0)
    digests: tuple[str, str] = ("", "")
    bad: tuple[str, str] | None = None
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Checker:
    """Reads the grid and the views of a pair.

    Attributes:
      voxels, views: paths of the archives.
      turn: of the grids to the frame of this project.
    """

    voxels: str
    views: str
    turn: Turn

    def __call__(self, pair: Pair) -> Checked:
        grids, images = open_once(self.voxels), open_once(self.views)
        archive, path = grids, pair.voxels
        try:
            grid, _ = read_grid(grids, path)
            archive, sizes = images, collections.Counter()
            for path in pair.views:
                sizes[_square(read_view(images, path), images, path)] += 1
        except UserError as error:
            reason = str(error).removeprefix(f"{archive.describe(path)}: ")
            return Checked(pair, bad=(str(archive.path), path), reason=reason)
        if len(sizes) > 1:
            reason = f"its views are of {' and '.join(map(str, sorted(sizes)))} pixels"
            return Checked(pair, bad=(self.views, pair.views[0]), reason=reason)
        grid = turn_grid(grid, self.turn)  # left and right are told by the frame
        digests = digest(grid), mirror_digest(grid)
        return Checked(pair, (len(grid), *sizes), digests)


def check_pairs(
    pairing: Pairing, voxels: str, views: str, strict: bool, turn: Turn
) -> tuple[Pairing, dict[str, tuple[str, str]], tuple[int, int]]:
    """Reads every file; shapes that cannot be used, or differ from most, are skipped.

    Args:
      pairing: of the two archives.
      voxels, views: their paths.
      strict: stop at the first instead.
      turn: of the grids.

    Returns:
      The pairing of what is left, the `Checked.digests` of its grids by their paths,
      and how many voxels and pixels a side they have.

    Raises:
      UserError: if no shape can be used; in strict mode, if one cannot be.
    """
    if strict and pairing.skipped:
        raise UserError("{}: {}".format(*next(iter(pairing.skipped.items()))))
    good, skipped = [], {}
    name = operator.attrgetter("voxels")
    for checked in parallel_map(
        Checker(voxels, views, turn), pairing.pairs, "checking shapes", name=name
    ):
        if checked.bad and strict:
            archive, path = checked.bad
            raise UserError(f"{Archive(archive).describe(path)}: {checked.reason}")
        if checked.bad:
            skipped[checked.bad[1]] = checked.reason
        else:
            good.append(checked)
    if not good:
        path, reason = next(iter(skipped.items()))
        others = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
        raise UserError(f"no shape can be used: {path}: {reason}{others}")
    usual = collections.Counter(one.sizes for one in good).most_common(1)[0][0]
    odd = {
        one.pair.voxels: _odd(one.sizes, usual) for one in good if one.sizes != usual
    }
    if strict and odd:
        raise UserError("{}: {}".format(*next(iter(odd.items()))))
    good = [one for one in good if one.sizes == usual]
    pairing = pairing.only([one.pair for one in good], skipped | odd)
    return pairing, {one.pair.voxels: one.digests for one in good}, usual


def _odd(sizes: tuple[int, int], usual: tuple[int, int]) -> str:
    has, most = (f"{side}³ voxels and {size}² pixels" for side, size in (sizes, usual))
    return f"the shape has {has}, but most have {most}"


def _square(view: UInt8[np.ndarray, "h w *c"], archive: Archive, path: str) -> int:
    height, width = view.shape[:2]
    if height != width:
        raise UserError(
            f"{archive.describe(path)}: {width}×{height} pixels; use square images"
        )
    return height


def read_grid(archive: Archive, name: str) -> tuple[Bool[np.ndarray, "x y z"], float]:
    """A grid from an archive, and its shape's scale, see `scale_of_file`.

    UserError names the file if it is damaged or empty.
    """
    content = archive.read(name)
    grid = read_binvox(content, archive.describe(name))
    if not grid.any():
        raise UserError(f"{archive.describe(name)}: the grid is empty")
    return grid, scale_of_file(side_of_binvox(content), grid)


def read_view(
    archive: Archive, name: str, channels: int = 1
) -> UInt8[np.ndarray, "h w *c"]:
    """An image from an archive, transparency becoming white.

    Args:
      archive: that holds it.
      name: its path.
      channels: 1 gives grey levels (h, w), 3 colours (h, w, 3).

    Raises:
      UserError: if the file is no image or a damaged one.
    """
    content = archive.read(name)
    try:
        with Image.open(io.BytesIO(content), formats=PICTURE_FORMATS) as image:
            if image.mode in ("RGBA", "LA", "P", "PA"):
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image)
            # 16 bits, which Pillow would clip at 255. All are scaled alike, whatever is
            # in them, or views of one shape would differ in brightness.
            if image.mode.startswith("I"):
                levels = (np.asarray(image) >> 8).astype(np.uint8)
                image = Image.fromarray(levels)
            elif image.mode == "F":  # which Pillow makes grey alone
                image = image.convert("L")
            return np.asarray(image.convert(MODES[channels]))
    except UnidentifiedImageError as error:
        raise UserError(f"{archive.describe(name)}: not an image.") from error
    except Exception as error:  # what Pillow raises for damaged files has no bounds
        raise UserError(
            f"{archive.describe(name)}: not a whole PNG image ({error})."
        ) from error
