"""What views show at every cell, in PyTorch: as `models.evidence`, all cameras known.

The same numbers in another order, which spares PyTorch copies: channels come first, and
of each feature the eight cells of all blocks, one cell of every block after another.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from vaegan_jax.models.evidence import squares
from vaegan_jax.shapes.colours import NEARLY_WHITE

_WITH_MOMENTS, _OUTLINES_WITH_MOMENTS = (0, 1), (1,)  # squares
_LOWS, _OUTLINE_LOWS = 4, 2
PHASES = 8  # cells of a block


def read_views(
    views: torch.Tensor,
    cameras: torch.Tensor,
    scales: torch.Tensor,
    middles: torch.Tensor,
    resolution: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Reads all views at all cells.

    Args:
      views: uint8 (b, v, h, w, 1), grey on white.
      cameras: (b, v, 4), the numbers of `ViewCamera`.
      scales: (b) of the grids.
      middles: (b, 3) of the shapes in the grids.
      resolution: cells along each side of the grid, even.

    Returns:
      Cells (b, features, phases, x/2, y/2, z/2), and of all views (b, 9).
    """
    size = resolution // 2
    places = _places(cameras, scales, middles, resolution)
    harmonics = _harmonics(cameras) / views.shape[1]
    grey = views[..., 0].flatten(0, 1)
    index = _index(places, grey.shape[-1])
    ink = _look_up(_blurred(255 - grey.float()), index)
    outlines = _look_up(_blurred(255 * (grey < NEARLY_WHITE).float()), index)
    features = [*_of_ink(ink, harmonics), *_of_outlines(outlines, harmonics)]
    cells = torch.cat(features, 1).unflatten(2, (PHASES, size, size, size))
    count = torch.full((len(views), 1), 1 / (1 + views.shape[1]))
    return cells, torch.cat([count, harmonics.sum(1)], 1)


def _of_ink(found: torch.Tensor, harmonics: torch.Tensor) -> Iterator[torch.Tensor]:
    ink = found.float() / 255
    means = ink.mean(2)
    deviations = ((ink**2).mean(2) - means**2).clamp_min(0).sqrt()
    for square, values in enumerate(ink):
        yield torch.stack([means[square], deviations[square]], 1)
        if square in _WITH_MOMENTS:
            yield harmonics.mT @ values
    yield _lowest(found[0], _LOWS)
    yield found[0].amax(1)[:, None].float() / 255


def _of_outlines(
    found: torch.Tensor, harmonics: torch.Tensor
) -> Iterator[torch.Tensor]:
    for square, values in enumerate(found):
        covered = values.float() / 255
        yield covered.mean(1)[:, None]
        yield _lowest(values, _OUTLINE_LOWS)
        if square in _OUTLINES_WITH_MOMENTS:
            yield harmonics.mT @ covered


def blocks(x: torch.Tensor) -> torch.Tensor:
    """Cells (b, c, x, y, z) to (b, c, phases, x/2, y/2, z/2)."""
    x = x.unflatten(4, (-1, 2)).unflatten(3, (-1, 2)).unflatten(2, (-1, 2))
    return x.permute(0, 1, 3, 5, 7, 2, 4, 6).flatten(2, 4)


def centres(resolution: int) -> torch.Tensor:
    """Of the cells of `blocks`: (3, phases, x/2, y/2, z/2), from 0 to 1."""
    along = (torch.arange(resolution) + 0.5) / resolution
    grid = torch.stack(torch.meshgrid(along, along, along, indexing="ij"))
    return blocks(grid[None])[0]


def _blurred(levels: torch.Tensor) -> torch.Tensor:
    """Words (b · v, (h + 2) (w + 2)) of pixels within a margin without ink."""
    blurred = []
    for side in squares(levels.shape[1]):  # one byte of a word for each
        down, across = (_band(size, side) for size in levels.shape[1:])
        average = levels if side == 1 else down @ levels @ across
        blurred.append(average.round().to(torch.uint8))
    words = F.pad(torch.stack(blurred, -1), (0, 0, 1, 1, 1, 1)).view(torch.int32)
    return words.flatten(1)


def _band(size: int, side: int) -> torch.Tensor:
    """The matrix that averages over `side` neighbours."""
    place = torch.arange(size)
    near = (place[:, None] - place).abs() <= side // 2
    return near.float() / side


def pinhole(cameras: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Axes (b, v, 3, 3) and start (b, v, 3) of cameras, as `cameras.project` has them.

    Axes times a point of the frame of the views, plus the start, are its row and column
    from the middle of the picture, both still times depth, and the depth.
    """
    azimuth, elevation, distance, view = cameras.unbind(-1)
    a, e = torch.deg2rad(azimuth), torch.deg2rad(elevation)
    nothing = torch.zeros_like(a)
    ahead = [-a.sin() * e.cos(), a.cos() * e.cos(), -e.sin()]
    down = [a.sin() * e.sin(), -a.cos() * e.sin(), -e.cos()]
    axes = [*down, a.cos(), a.sin(), nothing, *ahead]
    axes = torch.stack(axes, -1).unflatten(-1, (3, 3))
    depth_scale = 2 * torch.tan(torch.deg2rad(view) / 2)
    factors = torch.stack([torch.ones_like(a)] * 2 + [depth_scale], -1)
    start = torch.stack([nothing, nothing, distance * depth_scale], -1)
    return axes * factors[..., None], start


def _places(
    cameras: torch.Tensor, scales: torch.Tensor, middles: torch.Tensor, resolution: int
) -> torch.Tensor:
    """Row, column and depth (b, v, 3, n) of all cells: the former still times depth."""
    axes, start = pinhole(cameras)
    axes = axes * scales[:, None, None, None]
    start = start - (axes * middles[:, None, None]).sum(-1)
    return axes @ centres(resolution).flatten(1) + start[..., None]


def _index(places: torch.Tensor, side: int) -> torch.Tensor:
    """The word (b, v, n) of the pixel at each place, of pictures so many pixels a side.

    Within a margin of a pixel.
    """
    row, column, depth = places.unbind(2)
    row, column = (
        ((x / depth + 0.5) * side).floor().clamp(-1, side) + 1 for x in (row, column)
    )
    return (row * (side + 2) + column).long()


def _look_up(words: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Their bytes (squares, b, v, n)."""
    found = words.gather(1, index.flatten(0, 1)).view(index.shape)
    return found[..., None].view(torch.uint8).movedim(-1, 0).contiguous()


def _harmonics(cameras: torch.Tensor) -> torch.Tensor:
    azimuth, elevation = torch.deg2rad(cameras[..., :2]).unbind(-1)
    x = azimuth.sin() * elevation.cos()
    y = -azimuth.cos() * elevation.cos()
    z = elevation.sin()
    second = [2 * x * y, x**2 - y**2, 2 * x * z, 2 * y * z, 3 * z**2 - 1]
    return torch.stack([x, y, z, *second], -1)


def _lowest(found: torch.Tensor, count: int) -> torch.Tensor:
    """The lowest bytes (b, v, n) over views, in order: (b, count, n), from 0 to 1."""
    lowest = [torch.full_like(found[:, 0], 255)] * count
    for reading in found.unbind(1):
        for place, low in enumerate(lowest):
            lowest[place] = torch.minimum(low, reading)
            reading = torch.maximum(low, reading)
    return torch.stack(lowest, 1).float() / 255
