"""Tables and desks."""

import numpy as np

from ..procedural_chairs.parts import box, outline, plate
from . import supports
from .draw import Draw
from .primitives import Pieces, frame, slats
from .storage import drawers

_HEIGHTS = {
    "coffee": (0.3, 0.5),
    "dining": (0.7, 0.78),
    "side": (0.45, 0.75),
    "bar": (0.9, 1.1),
}
_WIDTHS = {
    "coffee": (0.7, 1.4),
    "dining": (0.9, 2.2),
    "side": (0.35, 0.7),
    "bar": (0.5, 1.2),
}


def table(draw: Draw) -> Pieces:
    """Coffee, dining, side and bar tables, with legs, pedestals or trestles."""
    kind = draw.choice("kind", list(_HEIGHTS), (3, 4, 2, 1))
    top = draw.number("height", *_HEIGHTS[kind])
    width = draw.number("width", *_WIDTHS[kind])
    form = draw.choice(
        "form", ("square", "rounded", "round", "trapezoid"), (5, 2, 4, 0.5)
    )
    depth = width * draw.number("depth_share", 0.4, 1.0)
    if form == "round" and draw.chance("circle", 0.6):
        depth = width
    thick = draw.number("thickness", 0.02, 0.07)
    yield plate(outline(form, width, depth), top - thick, top, 0.3 * thick)
    bases = ("legs", "pedestal", "trestle", "crossed", "sled", "box")
    weights = (5, 2 if depth > 0.6 * width else 0.3, 1.5, 0.7, 0.7, 0.4)
    base = draw.choice("base", bases, weights)
    middle, inset = top - thick / 2, 0.02
    if form in ("round", "rounded"):
        inset += 0.16 * min(width, depth)
    bar = draw.number("leg_width", 0.03, 0.1)
    places = supports.corners(
        width * (0.76 if form == "trapezoid" else 1), depth, inset + bar / 2
    )
    if base == "pedestal":
        yield from _pedestals(draw, width, depth, middle, bar)
    elif base == "trestle":
        yield from supports.trestle(draw, 0.9 * width, 0.9 * depth, middle, bar)
    elif base == "box":
        x, y = 0.35 * width, 0.35 * depth
        yield box((-x, -y, 0), (x, y, middle))
    else:
        yield from supports.ON_CORNERS[base](draw, places, middle, bar)
    if base == "legs":
        yield from _under(draw, places, top - thick, bar)


def _pedestals(
    draw: Draw, width: float, depth: float, top: float, bar: float
) -> Pieces:
    """One, or two below a long top."""
    reach = draw.number("foot_reach", 0.25, 0.45) * min(width, depth)
    if width < 1.6 * depth:
        yield from supports.pedestal(draw, reach, top, max(bar, 0.06))
        return
    pieces = list(supports.pedestal(draw, reach, top, max(bar, 0.06)))
    for side in (-1, 1):
        for piece in pieces:
            yield piece.copy().apply_translation((side * 0.28 * width, 0, 0))


def _under(draw: Draw, places, low: float, bar: float) -> Pieces:
    """An apron, a shelf, both or neither."""
    x, y = places[2]
    if draw.chance("apron", 0.5):
        high = draw.number("apron_height", 0.05, 0.14) * min(1, low / 0.6)
        for side in (-1, 1):
            yield box(
                (-x, side * y - 0.012, low - high), (x, side * y + 0.012, low + 0.01)
            )
            yield box(
                (side * x - 0.012, -y, low - high), (side * x + 0.012, y, low + 0.01)
            )
    upright = draw.parameters["leg"] in ("square", "round", "tapered", "turned")
    if draw.chance("shelf", 0.3) and upright:
        z = low * draw.number("shelf_height", 0.2, 0.5)
        if draw.chance("shelf_slats", 0.4):
            yield from slats(
                (-x, -y, z), (x, y, z + 0.02), max(3, int(2 * y / 0.09)), 0.7, 1
            )
            for side in (-x, x):
                yield box((side - 0.015, -y, z), (side + 0.015, y, z + 0.02))
        else:
            yield box(
                (-x - bar / 2, -y - bar / 2, z), (x + bar / 2, y + bar / 2, z + 0.02)
            )


def desk(draw: Draw) -> Pieces:
    """With drawers on one side or both, a panel, a shelf above or a second wing."""
    width, depth = draw.number("width", 1.0, 1.9), draw.number("depth", 0.5, 0.9)
    top, thick = draw.number("height", 0.7, 0.78), draw.number("thickness", 0.02, 0.05)
    right = 1 if draw.chance("to_the_right", 0.5) else -1
    x, y, low = width / 2, depth / 2, top - thick
    yield box((-x, -y, low), (x, y, top))
    kind = draw.choice("base", ("drawers", "legs", "trestle", "panels", "both"))
    bar = draw.number("leg_width", 0.025, 0.07)
    if kind == "legs":
        places = supports.corners(width, depth, bar / 2)
        yield from supports.legs(draw, places, low + 0.01, bar, 0.2)
    elif kind == "trestle":
        yield from supports.trestle(draw, width, depth, low + 0.01, bar)
    else:
        for side in (-right, right):
            if kind == "both" or (kind == "drawers" and side == right):
                yield from _drawer_side(
                    draw.part(f"side{side}"), side, (x, y, low), bar
                )
            else:
                x0, x1 = sorted((side * x, side * (x - bar)))
                yield box((x0, -y, 0), (x1, y, low + 0.01))
    if draw.chance("modesty_panel", 0.4):
        drop = draw.number("panel_height", 0.2, 0.9) * low
        yield box((-x + 0.02, y - 0.05, low - drop), (x - 0.02, y - 0.03, low + 0.01))
    if draw.chance("wing", 0.25):
        reach = draw.number("wing_length", 0.4, 0.9)
        x0, x1 = sorted((right * x, right * (x - 0.55)))
        yield box((x0, -y - reach, low), (x1, -y + 0.01, top))
        for end in (x0, x1 - bar):
            yield box((end, -y - reach, 0), (end + bar, bar - y - reach, low + 0.01))
    elif draw.chance("hutch", 0.3):
        high = draw.number("hutch_height", 0.25, 0.7)
        yield from frame((-x, y - 0.25, top - 0.01), (x, y, top + high), 0.025)
        for place in np.linspace(-x, x, draw.whole("hutch_parts", 1, 3) + 1)[1:-1]:
            yield box((place - 0.012, y - 0.25, top), (place + 0.012, y, top + high))


def _drawer_side(draw: Draw, side: int, ends, bar: float) -> Pieces:
    """A cupboard of drawers below one end of a desk; `ends` as of its top's corner."""
    x, y, low = ends
    wide = draw.number("drawers_width", 0.3, 0.45)
    x0, x1 = sorted((side * (x - 0.01), side * (x - wide)))
    foot = draw.number("drawers_foot", 0.0, 0.25)
    foot = foot if foot > 0.08 else 0.0
    yield from drawers(draw, (x0, 0.01 - y, foot), (x1, y - 0.01, low + 0.01))
    if foot:
        for px in (x0, x1 - bar):
            for py in (0.01 - y, y - 0.01 - bar):
                yield box((px, py, 0), (px + bar, py + bar, foot + 0.01))
