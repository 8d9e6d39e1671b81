"""Where grids lie in the frame of their views, in PyTorch.

As `models.frame_estimator` has it, and what a training step compares that with; all
views are seen.
"""

import torch
import torch.nn.functional as F

from vaegan_jax.benchmark.pytorch_evidence import pinhole

_CELLS, _SIDE, _PIXELS = 48, 1.04, 256
_INKS, _OCCUPANCIES = (0.05, 0.15, 0.3), (0.2, 0.4)
_SHORTEST = 0.04
_LOGARITHMS, _PLACES, _UNIT = 15.0, 5.0, 0.1
_OFF = 0.01  # as of `training.refinement`

Layers = dict[str, dict[str, torch.Tensor]]
Frame = tuple[torch.Tensor, torch.Tensor]  # scales (b) and middles (b, 3) of grids


def estimate(voxels: torch.Tensor) -> Frame:
    """Of shapes (b, x, y, z), 0 or 1, as `frames.estimate`."""
    filled, size, ends = voxels > 0.5, voxels.shape[-1], []
    for axis in (1, 2, 3):
        others = [other for other in (1, 2, 3) if other != axis]
        along = filled.any(others[1]).any(others[0]).to(torch.uint8)
        ends.append((along.argmax(-1), size - along.flip(-1).argmax(-1)))
    low, high = (torch.stack(both, -1).float() for both in zip(*ends, strict=True))
    sides, middles = high - low, (low + high) / 2
    sides = torch.where(sides < sides.amax(-1, keepdim=True), sides - 1, sides)
    middles = torch.where((middles - size / 2).abs() <= 0.5, size / 2, middles)
    return size / (sides**2).sum(-1).sqrt(), middles / size


def misplaced(
    layers: Layers,
    hull: torch.Tensor,
    summary: torch.Tensor,
    logits: torch.Tensor,
    frame: Frame,
) -> torch.Tensor:
    """The loss of where R places grids that lie as `frame` says.

    Other arguments are those of `place`.
    """
    scales, middles = place(layers, hull, summary, logits)
    off = torch.log(scales / frame[0])
    off = torch.cat([off[:, None], middles - frame[1]], 1) / _OFF
    return F.huber_loss(off, torch.zeros_like(off))


def place(
    layers: Layers, hull: torch.Tensor, summary: torch.Tensor, logits: torch.Tensor
) -> Frame:
    """What the frame estimator says.

    Args:
      layers: its parameters.
      hull: `hull_ends` of the views.
      summary: (b, 9) of these, as `read_views` returns it.
      logits: (b, 1, x, y, z), of G, of the latent of the same views.
    """
    grid = _ends(logits[:, 0].sigmoid(), _OCCUPANCIES)
    of_hull, of_grid = (_logarithms_of_sides(ends) for ends in (hull, grid))
    proportions = _normalised(of_grid)
    said = proportions[..., -1:]
    inputs = [
        _LOGARITHMS * (_normalised(of_hull) - said),
        _LOGARITHMS * (proportions - said),
        _LOGARITHMS * (of_hull - said),
        _PLACES * hull[..., 0, :],
        _PLACES * hull.sum(-1),
        _PLACES * (grid[..., -1, :].sum(-1) - 1),
        _PLACES * said,
        summary,
    ]
    inputs = torch.cat([x.flatten(1) for x in inputs], 1)
    h, (*hidden, last) = inputs, (layers[name] for name in sorted(layers))
    for layer in hidden:
        h = F.relu(h @ layer["kernel"] + layer["bias"])
    h = torch.cat([h, inputs], 1) @ last["kernel"] + last["bias"]
    sides, middles = (_UNIT * h).chunk(2, 1)
    sides = _normalised(said + sides[..., None])
    return sides.amax((1, 2)).exp(), 0.5 + middles


def hull_ends(views: torch.Tensor, cameras: torch.Tensor) -> torch.Tensor:
    """Where the visual hull ends along each axis, in the frame of the views.

    Args:
      views: uint8 (b, v, h, w, 1), grey on white, square.
      cameras: (b, v, 4), the numbers of `ViewCamera`.

    Returns:
      (b, 3, thresholds, 2).
    """
    ink = 1 - views[..., 0].float() / 255
    factor = max(1, _PIXELS // views.shape[2])
    ink = F.interpolate(ink, scale_factor=factor, mode="bilinear")
    along = ((torch.arange(_CELLS) + 0.5) / _CELLS - 0.5) * _SIDE
    axes, start = pinhole(cameras)
    # `grid_sample` has pictures from -1 to 1: as if depth were half of what it is.
    halved = torch.tensor([1, 1, 0.5])
    axes, start = axes * halved[:, None], start * halved
    # What each coordinate of a cell adds: sums of so few are quicker than products.
    x, y, z = (axes[..., None] * along).unbind(3)
    flat = (x + start[..., None])[..., None] + y[..., None, :]
    lowest = torch.ones(())
    for view in range(views.shape[1]):  # what is as large as a grid stays in the cache
        down, depth = (
            flat[:, view, i, ..., None] + z[:, view, i, None, None] for i in (0, 2)
        )
        across = flat[:, view, 1, ..., None]  # pictures are level: z adds nothing
        places = torch.stack([across / depth, down / depth], -1).flatten(1, 2)
        found = F.grid_sample(
            ink[:, view, None], places, mode="nearest", align_corners=False
        )
        lowest = torch.minimum(lowest, found)
    ends = _ends(lowest[:, 0].unflatten(1, (_CELLS, _CELLS)), _INKS)
    return (ends - 0.5) * _SIDE


def _ends(grids: torch.Tensor, thresholds: tuple[float, ...]) -> torch.Tensor:
    """Where profiles of grids (b, x, y, z) pass thresholds: (b, 3, thresholds, 2)."""
    flat = grids.amax(3)
    profiles = torch.stack([flat.amax(2), flat.amax(1), grids.amax((1, 2))], 1)
    both = torch.stack([profiles, profiles.flip(-1)], 2)[:, :, None]
    lower, upper = _begin(both, torch.tensor(thresholds)[:, None, None]).unbind(-1)
    return torch.stack([lower, 1 - upper], -1)


def _begin(profiles: torch.Tensor, thresholds: torch.Tensor) -> torch.Tensor:
    """Where profiles (b, 3, 1, 2, n) first pass thresholds; at 0 if they never do."""
    passed = (profiles > thresholds).to(torch.uint8)
    first = passed.argmax(-1, keepdim=True)
    padded = F.pad(profiles, (1, 0)).expand(*passed.shape[:-1], -1)
    before, at = (padded.gather(-1, first + i) for i in (0, 1))
    inner = ((at - thresholds) / (at - before).clamp_min(1e-3)).clamp(0, 1)
    return ((first + 0.5 - inner).clamp_min(0) / profiles.shape[-1])[..., 0]


def _logarithms_of_sides(ends: torch.Tensor) -> torch.Tensor:
    return (ends[..., 1] - ends[..., 0]).clamp_min(_SHORTEST).log()


def _normalised(sides: torch.Tensor) -> torch.Tensor:
    """Logarithms of sides (b, 3, t) of boxes whose diagonals are 1."""
    return sides - 0.5 * (2 * sides).exp().sum(1, keepdim=True).log()
