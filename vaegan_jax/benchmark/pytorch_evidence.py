"""What views show at every cell, in PyTorch: as `models.evidence`, all cameras known.

The same numbers in another order, which spares PyTorch copies: channels come first, and
of each feature the eight cells of all blocks, one cell of every block after another.
"""

import torch
import torch.nn.functional as F

from vaegan_jax.models.evidence import squares

_WITH_MOMENTS = 2  # the first ones of the squares
_LOWEST = 4
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
    found = _look_up(_blurred(views), places)
    ink = found.float() / 255
    harmonics = _harmonics(cameras) / views.shape[1]
    means = ink.mean(2)
    deviations = ((ink**2).mean(2) - means**2).clamp_min(0).sqrt()
    features = []
    for square, values in enumerate(ink):
        features += [means[square][:, None], deviations[square][:, None]]
        if square < _WITH_MOMENTS:
            features.append(harmonics.mT @ values)
    features.append(_extremes(found[0]))
    cells = torch.cat(features, 1).unflatten(2, (PHASES, size, size, size))
    count = torch.full((len(views), 1), 1 / (1 + views.shape[1]))
    return cells, torch.cat([count, harmonics.sum(1)], 1)


def blocks(x: torch.Tensor) -> torch.Tensor:
    """Cells (b, c, x, y, z) to (b, c, phases, x/2, y/2, z/2)."""
    x = x.unflatten(4, (-1, 2)).unflatten(3, (-1, 2)).unflatten(2, (-1, 2))
    return x.permute(0, 1, 3, 5, 7, 2, 4, 6).flatten(2, 4)


def centres(resolution: int) -> torch.Tensor:
    """Of the cells of `blocks`: (3, phases, x/2, y/2, z/2), from 0 to 1."""
    along = (torch.arange(resolution) + 0.5) / resolution
    grid = torch.stack(torch.meshgrid(along, along, along, indexing="ij"))
    return blocks(grid[None])[0]


def _blurred(views: torch.Tensor) -> torch.Tensor:
    """Words (b · v, (h + 2) (w + 2)) of pixels within a margin without ink."""
    ink = 255 - views[..., 0].flatten(0, 1).float()
    blurred = []
    for side in squares(views.shape[2]):  # one byte of a word for each
        down, across = (_band(size, side) for size in ink.shape[1:])
        average = ink if side == 1 else down @ ink @ across
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


def _look_up(words: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """The bytes (squares, b, v, n) of the pixel at each place."""
    side = round(words.shape[1] ** 0.5)  # pictures are square
    row, column, depth = places.unbind(2)
    row, column = (
        ((x / depth + 0.5) * (side - 2)).floor().clamp(-1, side - 2) + 1
        for x in (row, column)
    )
    index = (row * side + column).flatten(0, 1).long()
    found = words.gather(1, index).view(row.shape)
    return found[..., None].view(torch.uint8).movedim(-1, 0).contiguous()


def _harmonics(cameras: torch.Tensor) -> torch.Tensor:
    azimuth, elevation = torch.deg2rad(cameras[..., :2]).unbind(-1)
    x = azimuth.sin() * elevation.cos()
    y = -azimuth.cos() * elevation.cos()
    z = elevation.sin()
    second = [2 * x * y, x**2 - y**2, 2 * x * z, 2 * y * z, 3 * z**2 - 1]
    return torch.stack([x, y, z, *second], -1)


def _extremes(ink: torch.Tensor) -> torch.Tensor:
    """The lowest bytes (b, v, n) over views, in order, and the highest: (b, 5, n)."""
    lowest = [torch.full_like(ink[:, 0], 255)] * _LOWEST
    for reading in ink.unbind(1):
        for place, low in enumerate(lowest):
            lowest[place] = torch.minimum(low, reading)
            reading = torch.maximum(low, reading)
    return torch.stack([*lowest, ink.amax(1)], 1).float() / 255
