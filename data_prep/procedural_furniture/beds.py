"""Beds."""

import numpy as np

from ..procedural_chairs.parts import beam, box
from . import backs, supports
from .draw import Draw
from .primitives import Pieces, cushion, frame, placed, slats, turned


def bed(draw: Draw) -> Pieces:
    """Single and double ones, cots, bunks and four-posters; the head towards +y."""
    kind = draw.choice("kind", ("plain", "poster", "bunk", "cot"), (5, 1.5, 1.5, 1))
    width = draw.number("width", 0.8, 1.9 if kind in ("plain", "poster") else 1.1)
    length = draw.number("length", 1.9, 2.15) if kind != "cot" else 1.3
    top = draw.number("height", 0.2, 0.5)
    rail = draw.number("rail", 0.06, 0.2)
    x, y = width / 2, length / 2
    yield from _mattress(draw, (x, y), top, rail)
    bar = draw.number("leg_width", 0.04, 0.1)
    places = supports.corners(width, length, bar / 2)
    if kind == "plain":
        low = top - rail
        if low > 0.08:
            yield from supports.legs(draw, places, low + 0.02, bar, 0.0)
        else:
            yield box((-0.9 * x, -0.9 * y, 0), (0.9 * x, 0.9 * y, top - 0.02))
        yield from _boards(draw, width, y, top)
        return
    high = {"poster": 1.9, "bunk": 1.6, "cot": 0.9}[kind] * draw.number(
        "posts", 0.85, 1.1
    )
    profile = [(0.0, bar), (1.0, bar)]
    if kind == "poster" and draw.chance("turned_posts", 0.5):
        profile = supports.turning(draw, 1.2 * bar)
    for px, py in places:
        yield turned((px, py, 0), (px, py, high), profile)
    if kind == "bunk":
        yield from _bunk(draw, (x, y), high, rail)
    elif kind == "cot":
        yield from _cot(draw, (x, y), top, high)
    else:
        for start, end in zip(places, [*places[1:], places[0]], strict=True):
            yield beam((*start, high - bar / 2), (*end, high - bar / 2), 0.6 * bar)
        if draw.chance("roof", 0.3):
            yield box((-x, -y, high - 0.03), (x, y, high))
        yield from _boards(draw, width, y, top)


def _mattress(draw: Draw, half, top: float, rail: float) -> Pieces:
    x, y = half
    thick = draw.number("mattress", 0.1, 0.28)
    yield box((-x, -y, top - rail), (x, y, top))
    yield cushion(
        (0.02 - x, 0.02 - y, top - 0.03), (x - 0.02, y - 0.02, top + thick), 0.06
    )
    pillows = draw.whole("pillows", 0, 2)
    for place in (
        np.linspace(-0.5, 0.5, pillows) * x if pillows > 1 else [0.0] * pillows
    ):
        wide = 0.42 * x if pillows > 1 else 0.6 * x
        low = (place - wide, y - 0.5, top + thick - 0.03)
        yield cushion(low, (place + wide, y - 0.08, top + thick + 0.1), 0.06)


def _boards(draw: Draw, width: float, y: float, top: float) -> Pieces:
    """The head's board, and often the foot's, lower."""
    high = draw.number("head_height", 0.3, 0.9)
    kinds = ("panel", "padded", "bars", "spindles", "rails", "curved", "cross")
    head = backs.back(draw.part("head"), width, high, kinds)
    tilt = draw.number("head_tilt", 0, 8)
    yield from placed(head, (0, y - 0.04, top - 0.03), tilt=tilt)
    if draw.chance("foot_board", 0.45):
        foot = backs.back(draw.part("foot"), width, 0.5 * high, kinds[:5])
        yield from placed(foot, (0, 0.04 - y, top - 0.03), turn=180)


def _bunk(draw: Draw, half, high: float, rail: float) -> Pieces:
    x, y = half
    level = draw.number("upper_level", 0.66, 0.8) * high
    yield box((-x, -y, level - rail), (x, y, level))
    yield cushion(
        (0.02 - x, 0.02 - y, level - 0.02), (x - 0.02, y - 0.02, level + 0.14), 0.05
    )
    for side in (-1, 1):
        x0, x1 = sorted((side * x, side * (x - 0.03)))
        yield box((x0, -y, level + 0.2), (x1, y, level + 0.26))
        yield box(
            (-x, side * y - 0.02, level + 0.2), (x, side * y + 0.02, level + 0.26)
        )
    side = 1 if draw.chance("ladder_right", 0.5) else -1
    for place in (-0.5 * y, -0.5 * y + 0.36):
        yield beam((side * x, place, 0), (side * x, place, level + 0.2), 0.04)
    for z in np.linspace(0.2, level, 4):
        yield beam((side * x, -0.5 * y, z), (side * x, -0.5 * y + 0.36, z), 0.035)


def _cot(draw: Draw, half, top: float, high: float) -> Pieces:
    x, y = half
    count = draw.whole("bars", 5, 9)
    for side in (-1, 1):
        x0, x1 = sorted((side * x, side * (x - 0.025)))
        yield from slats((x0, -y, top - 0.02), (x1, y, high - 0.02), count, 0.3, 1)
        yield box((x0, -y, high - 0.05), (x1, y, high))
        low, end = (-x, side * y - 0.02, top - 0.02), (x, side * y + 0.02, high)
        if draw.part(f"end{side}").chance("closed", 0.5):
            yield box(low, end)
        else:
            yield from frame(low, end, 0.05)
