"""The solid pieces of furniture that chairs do not have: turned, bent and padded ones.

Every piece is a closed mesh, as those of `procedural_chairs.parts`, which are used
beside these. z is up, the front towards −y.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import trimesh
from jaxtyping import Float

from ..procedural_chairs.parts import beam, box, sweep, tube

Pieces = Iterator[trimesh.Trimesh]


def turned(start, end, profile: Sequence[tuple[float, float]]) -> trimesh.Trimesh:
    """A piece from the lathe.

    Args:
      start, end: of its axis.
      profile: shares of the way, rising from 0 to 1, and the diameters there.
    """
    shares, widths = np.transpose(profile)
    start, end = np.asarray(start, float), np.asarray(end, float)
    return tube(start + shares[:, None] * (end - start), widths)


def bent(
    path: Float[np.ndarray, "k 2"], thickness: float, low, high, axis: int = 0
) -> trimesh.Trimesh:
    """A panel bent along a path, as of plywood.

    Args:
      path: in the plane that the axis is normal to: (y, z), (z, x) or (x, y).
      thickness: towards the left of the path.
      low, high: where the panel ends along the axis; numbers, or one a point.
      axis: 0, 1 or 2.
    """
    path = np.asarray(path, float)
    steps = np.gradient(path, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    other = path + thickness * np.column_stack([-steps[:, 1], steps[:, 0]])
    low, high = (
        np.broadcast_to(np.asarray(end, float), len(path)) for end in (low, high)
    )
    corners = [(low, path), (high, path), (high, other), (low, other)]
    rings = [np.column_stack([end, side]) for end, side in corners]
    order = np.argsort([axis, (axis + 1) % 3, (axis + 2) % 3])
    return sweep(np.stack(rings, axis=1)[:, :, order])


def arc(
    centre: tuple[float, float], radii, start: float, end: float, count: int = 9
) -> Float[np.ndarray, "k 2"]:
    """Points on a circle or ellipse, from one angle to another, in degrees."""
    angles = np.deg2rad(np.linspace(start, end, count))
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    return np.asarray(centre, float) + circle * radii


def cushion(low, high, radius: float) -> trimesh.Trimesh:
    """A box between two corners with rounded edges."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    half = (high - low) / 2
    radius = min(radius, 0.95 * half.min())
    rings = []
    for angle in np.deg2rad([-80, -40, 0, 0, 40, 80]):
        inset = radius * (1 - np.cos(angle))
        end = high[2] - radius if len(rings) > 2 else low[2] + radius
        ring = _rounded(half[:2] - inset, radius * max(np.cos(angle), 0.2))
        height = np.full(
            len(ring), end + radius * np.sin(angle) / np.sin(np.deg2rad(80))
        )
        rings.append(np.column_stack([ring + (low + half)[:2], height]))
    return sweep(rings)


def _rounded(half, radius: float) -> Float[np.ndarray, "16 2"]:
    """A rectangle around the origin with round corners."""
    inner = half - radius
    return np.concatenate(
        [
            arc((inner[0] * x, inner[1] * y), radius, start, start + 90, 4)
            for x, y, start in ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270))
        ]
    )


def shell(profile: Float[np.ndarray, "n 2"], centre=(0.0, 0.0)) -> trimesh.Trimesh:
    """A ring around an upright axis, such as a lamp's shade.

    Args:
      profile: its convex section, as radius and height.
      centre: where the axis stands.
    """
    profile = np.asarray(profile, float)
    rings = []
    for angle in np.linspace(0, 2 * np.pi, 25):
        x = centre[0] + profile[:, 0] * np.cos(angle)
        y = centre[1] + profile[:, 0] * np.sin(angle)
        rings.append(np.column_stack([x, y, profile[:, 1]]))
    return sweep(rings)


def bowl(
    profile: Float[np.ndarray, "k 2"],
    angles: Float[np.ndarray, " n"],
    lifts: Float[np.ndarray, " n"],
    thickness: float,
    low: float = 0.0,
) -> Pieces:
    """Bands round an upright axis, such as a moulded seat's that is higher behind.

    Args:
      profile: from the middle to the rim, as radius and height.
      angles: of the way round, in degrees; 270 is in front.
      lifts: by which heights are multiplied, one for each angle.
      thickness: to the inside, and upwards.
      low: added to all heights.
    """
    turns = np.deg2rad(angles)
    around = np.column_stack([np.cos(turns), np.sin(turns), np.zeros(len(turns))])
    up = np.array((0, 0, 1.0))
    for (r0, h0), (r1, h1) in itertools.pairwise(profile):
        inwards = thickness * np.array((h1 - h0, r1 - r0)) / np.hypot(h1 - h0, r1 - r0)
        ends = [(r0, h0), (r1, h1)]
        outside = [r * around + np.outer(low + h * lifts, up) for r, h in ends]
        move = -inwards[0] * around + inwards[1] * up
        inside = [end + move for end in outside[::-1]]
        yield sweep(np.stack([*outside, *inside], axis=1))


def wheel(centre, radius: float, width: float, along) -> trimesh.Trimesh:
    """A wheel around an axle in the direction of `along`."""
    half = np.asarray(along, float) * width / 2 / np.linalg.norm(along)
    centre = np.asarray(centre, float)
    return beam(centre - half, centre + half, 2 * radius, sides=14)


def slats(low, high, count: int, share: float, axis: int) -> Pieces:
    """Boxes that divide a box along an axis, of which they fill that share."""
    low, high = np.array(low, float), np.array(high, float)
    size = share * (high[axis] - low[axis]) / count
    for start in np.linspace(low[axis], high[axis] - size, count):
        low[axis], high[axis] = start, start + size
        yield box(low.copy(), high.copy())


def frame(low, high, bar: float) -> Pieces:
    """The four bars of an upright frame that faces the front."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    yield box((x0, y0, z0), (x0 + bar, y1, z1))
    yield box((x1 - bar, y0, z0), (x1, y1, z1))
    yield box((x0, y0, z0), (x1, y1, z0 + bar))
    yield box((x0, y0, z1 - bar), (x1, y1, z1))


def placed(
    pieces: Iterable[trimesh.Trimesh], offset=(0, 0, 0), turn=0.0, tilt=0.0
) -> Pieces:
    """Moves pieces.

    Args:
      offset: where their origin comes to lie.
      turn: counter-clockwise from above, in degrees, after the tilt.
      tilt: backwards about the x axis, in degrees.
    """
    matrix = trimesh.transformations.rotation_matrix(np.deg2rad(turn), [0, 0, 1])
    lean = trimesh.transformations.rotation_matrix(np.deg2rad(-tilt), [1, 0, 0])
    matrix = matrix @ lean
    matrix[:3, 3] = offset
    for piece in pieces:
        yield piece.apply_transform(matrix)
