"""The solid pieces that chairs are made of.

Every piece is a closed mesh swept through a row of rings: (k, n, 3) points, the k rings
each convex and flat. Neighbouring rings are joined by quads, the ends capped by fans.
"""

import numpy as np
import trimesh
from jaxtyping import Float

from vaegan_jax.errors import UserError

ROUND_SIDES = 12


def sweep(rings: Float[np.ndarray, "k n 3"]) -> trimesh.Trimesh:
    """A closed, outward-facing mesh through a row of rings."""
    rings = np.asarray(rings, float)
    k, n = rings.shape[:2]
    ring = np.arange(n)
    following = np.roll(ring, -1)
    faces = []
    for i in range(k - 1):
        a, b = i * n + ring, i * n + following
        c, d = a + n, b + n
        faces += [np.stack([a, b, d], axis=1), np.stack([a, d, c], axis=1)]
    fan = np.stack([np.zeros(n - 2, int), ring[1:-1], ring[2:]], axis=1)
    faces += [fan[:, ::-1], fan + (k - 1) * n]
    vertices, faces = rings.reshape(-1, 3), np.concatenate(faces)
    corners = vertices[faces] - vertices[0]
    if np.linalg.det(corners).sum() < 0:  # six times the volume
        faces = faces[:, ::-1]
    return trimesh.Trimesh(vertices, faces, process=False)


def box(low, high) -> trimesh.Trimesh:
    """An axis-aligned box between two corners."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return sweep([[(x, y, z) for x, y in corners] for z in (z0, z1)])


def beam(start, end, width, end_width=None, sides: int = 4) -> trimesh.Trimesh:
    """A straight bar between two points, tapering from `width` to `end_width`.

    With 4 sides the width is that of the square section, otherwise a diameter.
    """
    end_width = width if end_width is None else end_width
    return tube([start, end], [width, end_width], sides)


def tube(points, widths, sides: int = ROUND_SIDES) -> trimesh.Trimesh:
    """A bar along a row of points, mitred at its bends; widths as in `beam`."""
    points = np.asarray(points, float)
    steps = np.diff(points, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    angles = (np.arange(sides) + 0.5) * (2 * np.pi / sides)
    # Square sections are measured across their flats, round ones across the circle.
    to_corner = 0.5 / np.cos(np.pi / sides) if sides == 4 else 0.5
    reference = _reference(steps)
    rings = []
    for i, (point, width) in enumerate(zip(points, widths, strict=True)):
        before, after = steps[max(i - 1, 0)], steps[min(i, len(steps) - 1)]
        tangent = before + after
        tangent /= np.linalg.norm(tangent)
        across = np.cross(tangent, reference)
        across /= np.linalg.norm(across)
        other = np.cross(across, tangent)
        # A mitre is wider than its bars by the cosine of half the bend.
        stretch = 1 / max(float(tangent @ after), 0.3)
        bend = after - before
        circle = np.outer(np.cos(angles), across) + np.outer(np.sin(angles), other)
        if np.linalg.norm(bend) > 1e-9:
            bend /= np.linalg.norm(bend)
            circle += (stretch - 1) * np.outer(circle @ bend, bend)
        rings.append(point + circle * width * to_corner)
    return sweep(rings)


def _reference(steps) -> Float[np.ndarray, "3"]:
    """A direction that no step runs along: depth or, if one does, height or width."""
    candidates = np.eye(3)[[1, 2, 0]]
    worst = np.abs(candidates @ steps.T).max(axis=1)
    return candidates[worst.argmin()] if worst[0] > 0.9 else candidates[0]


def plate(
    outline: Float[np.ndarray, "n 2"], bottom: float, top: float, rounding: float = 0.0
) -> trimesh.Trimesh:
    """A level slab with a convex outline; `rounding` draws its upper rim in."""
    centre = outline.mean(axis=0)
    reach = np.abs(outline - centre).max()
    levels = [(bottom, 1.0), (top - rounding, 1.0)]
    if rounding > 0:
        levels += [(top - rounding * 0.3, 1 - 0.3 * rounding / reach)]
        levels += [(top, 1 - rounding / reach)]
    rings = []
    for height, scale in levels:
        ring = centre + (outline - centre) * scale
        rings.append(np.column_stack([ring, np.full(len(ring), height)]))
    return sweep(rings)


def outline(shape: str, width: float, depth: float) -> Float[np.ndarray, "n 2"]:
    """A convex outline around the origin: square, trapezoid, rounded or round.

    Raises:
      UserError: for any other shape.
    """
    x, y = width / 2, depth / 2
    if shape == "square":
        return np.array([(-x, -y), (x, -y), (x, y), (-x, y)])
    if shape == "trapezoid":  # narrower at the back, as dining chairs are
        return np.array([(-x, -y), (x, -y), (0.78 * x, y), (-0.78 * x, y)])
    angles = (np.arange(24) + 0.5) * (2 * np.pi / 24)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    if shape == "rounded":  # a superellipse, between a circle and a square
        circle = np.sign(circle) * np.abs(circle) ** 0.45
    elif shape != "round":
        raise UserError(f"No outline is called {shape!r}.")
    return circle * (x, y)


def curved_panel(
    width: float, height: float, thickness: float, sag: float, round_top: float = 0.0
) -> trimesh.Trimesh:
    """An upright panel, bent so that its sides come forward by `sag`.

    It stands on z = 0 with the middle of its front at the origin; `round_top` lowers
    the upper corners by that share of the height.
    """
    s = np.linspace(-1, 1, 13)
    x = s * width / 2
    front = -sag * s**2
    top = height * (1 - round_top * np.abs(s) ** 3)
    zero = np.zeros_like(s)
    ring = [(front, zero), (front + thickness, zero)]
    ring += [(front + thickness, top), (front, top)]
    return sweep(np.stack([np.column_stack([x, y, z]) for y, z in ring], axis=1))
