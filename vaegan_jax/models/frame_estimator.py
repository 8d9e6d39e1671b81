"""Where the grid of a shape lies in the frame of its views.

Views scale a shape by the diagonal of its bounding box and a grid by the longest side
of that, so cells are found in pictures by the box's proportions. The visual hull of the
views (Laurentini 1994) bounds them, well from many views and not at all from one; G's
grid tells what is usual for a shape like this. A small perceptron weighs both.
"""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, UInt8

from vaegan_jax.shapes.cameras import project
from vaegan_jax.shapes.colours import luma
from vaegan_jax.shapes.frames import cell_centres

# The hull is carved out of so many cells along each side of a cube, in diagonals, with
# pictures enlarged to so many pixels: ends are then known to a small part of a cell.
_CELLS, _SIDE, _PIXELS = 48, 1.04, 256
# A shape ends where so much ink, or so much of G's occupancy, begins.
_INKS, _OCCUPANCIES = (0.05, 0.15, 0.3), (0.2, 0.4)
_SHORTEST = 0.04  # side of a box, in diagonals
# Inputs of about 1, and what comes out in about those units.
_LOGARITHMS, _PLACES, _UNIT = 15.0, 5.0, 0.1

Ends = Float[Array, "b 3 t 2"]  # of each axis, for each threshold: the lower, the upper


class FrameEstimator(nn.Module):
    """From ends of the hull and of G's grid to scales and middles.

    Attributes:
      widths: of the hidden layers.
    """

    widths: Sequence[int] = (64, 64)

    @nn.compact
    def __call__(
        self,
        hull: Ends,
        summary: Float[Array, "b s"],
        occupancies: Float[Array, "b x y z"],
    ) -> tuple[Float[Array, " b"], Float[Array, "b 3"]]:
        """Returns scales and middles, see `frames.to_view_frame`.

        Before training these are the scale of G's grid and the middle of the cube.

        Args:
          hull: `hull_ends` of the views.
          summary: of these, as `Evidence` has it.
          occupancies: what G makes of the latents of the views.
        """
        grid = _ends(occupancies, _OCCUPANCIES)
        of_hull, of_grid = (_logarithms_of_sides(ends) for ends in (hull, grid))
        proportions = _normalised(of_grid)
        said = proportions[..., -1:]  # at the threshold that grids are cut at
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
        inputs = jnp.concatenate([x.reshape(x.shape[0], -1) for x in inputs], 1)
        h = inputs
        for width in self.widths:
            h = nn.relu(nn.Dense(width)(h))
        h = jnp.concatenate([h, inputs], 1)
        sides, middles = jnp.split(
            _UNIT * nn.Dense(6, kernel_init=nn.initializers.zeros)(h), 2, axis=1
        )
        sides = _normalised(said + sides[..., None])
        return jnp.exp(sides.max((1, 2))), 0.5 + middles


def hull_ends(
    views: UInt8[Array, "b v h w c"],
    cameras: Float[Array, "b v 4"],
    seen: Bool[Array, "b v"],
) -> Ends:
    """Where the visual hull ends along each axis, in the frame of the views.

    Args:
      views: on white, square.
      cameras: the numbers of `ViewCamera`.
      seen: the views that count; without any the hull is all of a cube.
    """
    factor = max(1, _PIXELS // views.shape[2])
    enlarging = _linear_interpolation(views.shape[2], factor)
    ink = 1 - luma(views).astype(jnp.float32) / 255
    centres = jnp.asarray((cell_centres(_CELLS).reshape(-1, 3) - 0.5) * _SIDE)
    centres = centres.astype(jnp.float32)

    def carve(lowest, view):
        ink, camera, counts = view
        ink = enlarging @ ink @ enlarging.T
        place = jnp.floor(project(centres, camera, jnp) * len(ink)).astype(jnp.int32)
        inside = ((place >= 0) & (place < len(ink))).all(-1)
        index = jnp.where(inside, place[:, 0] * len(ink) + place[:, 1], 0)
        found = jnp.where(inside, ink.reshape(-1)[index], 0.0)
        return jnp.where(counts, jnp.minimum(lowest, found), lowest), None

    def hull(*views):
        return jax.lax.scan(carve, jnp.ones(len(centres)), views)[0]

    grids = jax.vmap(hull)(ink, cameras, seen)
    ends = _ends(grids.reshape(-1, *(_CELLS,) * 3), _INKS)
    return jax.lax.stop_gradient((ends - 0.5) * _SIDE)


def _linear_interpolation(size: int, factor: int) -> np.ndarray:
    """Its matrix (factor · size, size), between the middles of pixels."""
    places = (np.arange(size * factor) + 0.5) / factor - 0.5
    return np.stack(
        [np.interp(places, np.arange(size), row) for row in np.eye(size)], 1
    ).astype(np.float32)


def _ends(grids: Float[Array, "b x y z"], thresholds: Sequence[float]) -> Ends:
    """Where profiles along the axes, of maxima over the others, pass the thresholds.

    From 0 to 1 along each side, interpolated between cells.
    """
    axes = ((2, 3), (1, 3), (1, 2))
    profiles = jnp.stack([grids.max(others) for others in axes], 1)
    lower = jnp.stack([_begin(profiles, t) for t in thresholds], -1)
    upper = jnp.stack([1 - _begin(profiles[..., ::-1], t) for t in thresholds], -1)
    return jnp.stack([lower, upper], -1)


def _begin(profiles: Float[Array, "*b n"], threshold: float) -> Float[Array, "*b"]:
    """Where these first pass the threshold; at 0 if they never do."""
    padded = jnp.pad(profiles, [(0, 0)] * (profiles.ndim - 1) + [(1, 0)])
    first = (profiles > threshold).argmax(-1, keepdims=True)
    before, at = (jnp.take_along_axis(padded, first + i, -1)[..., 0] for i in (0, 1))
    inner = jnp.clip((at - threshold) / jnp.maximum(at - before, 1e-3), 0, 1)
    return jnp.maximum(first[..., 0] + 0.5 - inner, 0.0) / profiles.shape[-1]


def _logarithms_of_sides(ends: Ends) -> Float[Array, "b 3 t"]:
    return jnp.log(jnp.maximum(ends[..., 1] - ends[..., 0], _SHORTEST))


def _normalised(sides: Float[Array, "b 3 t"]) -> Float[Array, "b 3 t"]:
    """Logarithms of sides of boxes whose diagonals are 1."""
    diagonals = 0.5 * jnp.log(jnp.exp(2 * sides).sum(1, keepdims=True))
    return sides - diagonals
