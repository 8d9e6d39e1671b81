"""Lamps that stand on the floor or a table."""

import itertools
from collections.abc import Iterator

import numpy as np
import trimesh
from jaxtyping import Float

from ..procedural_chairs.parts import ROUND_SIDES, beam, outline, plate, tube
from . import supports
from .draw import Draw
from .primitives import Pieces, cushion, shell, turned


def lamp(draw: Draw) -> Pieces:
    """A foot, a stem, straight, turned, arched or jointed, and one shade or more."""
    height = draw.number("height", 0.45, 1.7)
    reach = draw.number("foot_reach", 0.1, 0.24) * (0.6 + 0.5 * height)
    stem = draw.number("stem", 0.025, 0.06)
    kind = draw.choice(
        "kind", ("upright", "arched", "jointed", "several", "body", "tripod")
    )
    if kind == "body":
        yield from _body(draw, height, reach)
    elif kind == "tripod":
        for i in range(3):
            angle = 2 * np.pi * i / 3 - np.pi / 2
            foot = np.array((np.cos(angle), np.sin(angle), 0)) * 1.5 * reach
            yield beam(foot, (0, 0, 0.75 * height), stem, sides=8)
        yield beam((0, 0, 0.7 * height), (0, 0, height), stem, sides=8)
        yield from _shade(draw, (0, 0, height), height)
    elif kind == "upright":
        yield from supports.pedestal(draw, reach, height, stem)
        yield from _shade(draw, (0, 0, height), height)
    else:
        yield from _foot(draw, reach)
        ends = list(_stems(draw, kind, height, stem))
        for piece, _ in ends:
            yield piece
        for i, (_, end) in enumerate(ends):
            if end is not None:
                yield from _shade(draw.part(f"shade_{i}"), end, 0.75 * height)


def _foot(draw: Draw, reach: float) -> Pieces:
    form = draw.choice("foot", ("round", "square", "rounded"))
    thick = draw.number("foot_thickness", 0.02, 0.07)
    yield plate(outline(form, 2 * reach, 2 * reach), 0, thick, 0.4 * thick)


def _stems(
    draw: Draw, kind: str, height: float, stem: float
) -> Iterator[tuple[trimesh.Trimesh, Float[np.ndarray, "3"] | None]]:
    """Pieces, each with the place of the shade at its end or None."""
    if kind == "arched":
        out = draw.number("arch", 0.25, 0.6) * height
        rise = np.linspace(0, 1, 4)[:, None] * (0, 0, 0.6 * height)
        angle = np.linspace(180, draw.number("arch_end", -20, 30), 9)
        over = np.deg2rad(angle)
        x, z = out / 2 * (1 + np.cos(over)), 0.6 * height + 0.4 * height * np.sin(over)
        points = np.concatenate([rise[:-1], np.column_stack([x, np.zeros(9), z])])
        yield tube(points, [stem] * len(points), sides=8), points[-1]
    elif kind == "jointed":
        points = [np.array((0.0, 0, 0.01))]
        lean = draw.number("lean", 10, 40)
        for i, turn in enumerate((-lean, lean + 25, 120)):
            length = (0.55, 0.5, 0.1)[i] * height
            angle = np.deg2rad(turn)
            step = np.array((np.sin(angle), 0, np.cos(angle))) * length
            points.append(points[-1] + step)
        for start, end in itertools.pairwise(points[:-1]):
            yield beam(start, end, stem, sides=8), None
        yield beam(points[-2], points[-1], stem, sides=8), points[-1]
    else:
        count = draw.whole("shades", 2, 5)
        yield beam((0, 0, 0), (0, 0, 0.9 * height), 1.2 * stem, sides=ROUND_SIDES), None
        turn = draw.number("turn", 0, 1)
        for i in range(count):
            angle = 2 * np.pi * (i + turn) / count
            out = 0.28 * height * np.array((np.cos(angle), np.sin(angle), 0))
            low = draw.part(f"arm_{i}").number("height", 0.5, 0.85) * height
            points = [
                (0, 0, low - 0.05),
                (*(0.6 * out[:2]), low),
                (*out[:2], low + 0.1),
            ]
            yield tube(points, [0.8 * stem] * 3, sides=8), np.array(points[-1])


def _shade(draw: Draw, place, height: float) -> Pieces:
    """On the end of a stem: a cone, drum, globe, bowl or block."""
    kind = draw.choice("shade", ("cone", "drum", "globe", "bowl", "block"))
    radius = draw.number("shade_radius", 0.1, 0.2) * (0.35 + 0.6 * height)
    tall = radius * draw.number("shade_height", 0.8, 2.0)
    narrow = radius * (draw.number("shade_taper", 0.25, 0.8) if kind == "cone" else 1.0)
    x, y, z = place
    if kind == "globe":
        s = np.linspace(0, np.pi, 9)
        widths = 2 * radius * np.sin(s) + 0.004
        profile = list(zip((1 - np.cos(s)) / 2, widths, strict=True))
        yield turned((x, y, z - radius), (x, y, z + radius), profile)
        return
    if kind == "block":
        low = (x - radius, y - 0.7 * radius, z - tall / 2)
        yield cushion(low, (x + radius, y + 0.7 * radius, z + tall / 2), 0.02)
        return
    if kind == "bowl":
        radius, narrow = 0.5 * radius, radius
        tall *= 0.6
    wall = 0.02
    low, high = z - tall / 2, z + tall / 2
    section = [
        (radius - wall, low),
        (radius, low),
        (narrow, high),
        (narrow - wall, high),
    ]
    if narrow <= 2 * wall:
        section = [
            (radius - wall, low),
            (radius, low),
            (narrow, high),
            (narrow / 2, high),
        ]
    yield shell(np.array(section), (x, y))
    middle = (radius + narrow) / 2
    for start, end in (((-middle, 0), (middle, 0)), ((0, -middle), (0, middle))):
        yield beam((x + start[0], y + start[1], z), (x + end[0], y + end[1], z), 0.02)


def _body(draw: Draw, height: float, reach: float) -> Pieces:
    """A turned body, as of a vase, below the shade."""
    knots = draw.whole("knots", 3, 6)
    part = draw.part("body")
    widths = [part.number(f"width_{i}", 0.3, 2.0) * reach for i in range(knots)]
    top = 0.62 * height
    shares = np.linspace(0, 1, 4 * knots - 3)
    smooth = np.interp(shares * (knots - 1), range(knots), widths)
    smooth[1:-1] = (smooth[:-2] + 2 * smooth[1:-1] + smooth[2:]) / 4
    yield turned((0, 0, 0), (0, 0, top), list(zip(shares, smooth, strict=True)))
    yield beam((0, 0, 0), (0, 0, 0.95 * height), 0.03, sides=8)
    yield from _shade(draw, (0, 0, 0.85 * height), height)
