"""Stools, benches and sofas."""

import itertools

import numpy as np

from ..procedural_chairs.parts import box, outline, plate
from . import backs, supports
from .draw import Draw
from .primitives import Pieces, cushion, placed
from .seats import Seat, arms, draw_seat, seat_pieces


def stool(draw: Draw) -> Pieces:
    """Low ones, bar stools and poufs; some have a low back."""
    tall = draw.chance("tall", 0.45)
    sizes = ((0.3, 0.46), (0.3, 0.46), (0.6, 0.8) if tall else (0.35, 0.5))
    seat = draw_seat(draw, *sizes, forms=("square", "rounded", "round"))
    kinds = ("legs", "star", "pedestal", "crossed", "sled", "pouf", "panels")
    base = draw.choice("base", kinds, (5, 2, 2, 1, 1, 1, 1))
    if base == "pouf":
        x, y, z = 0.7 * seat.width, 0.7 * seat.depth, 0.8 * seat.top
        if seat.form == "square":
            yield cushion((-x, -y, 0), (x, y, z), draw.number("rounding", 0.02, 0.15))
        else:
            shape = outline(seat.form, 2 * x, 2 * y)
            yield plate(shape, 0, z, draw.number("rounding", 0.02, 0.15))
        return
    yield from seat_pieces(draw, seat)
    if base in ("star", "pedestal"):
        build = getattr(supports, base)
        reach = draw.number("foot_reach", 0.18, 0.28)
        yield from build(draw, reach, seat.middle, draw.number("column", 0.03, 0.07))
    elif base == "panels":
        bar = draw.number("board", 0.02, 0.06)
        yield from supports.trestle(draw, seat.width, seat.depth, seat.middle, bar)
    else:
        bar = draw.number("leg_width", 0.02, 0.055)
        build = getattr(supports, base)
        yield from build(draw, seat.places(bar), seat.middle, bar)
    if base != "crossed" and draw.chance("low_back", 0.25):
        high = draw.number("back_height", 0.12, 0.3)
        back = backs.back(draw, seat.back_width, high, ("panel", "curved", "rails"))
        yield from placed(back, (0, seat.rear - 0.035, seat.middle), tilt=5)


def bench(draw: Draw) -> Pieces:
    """For two or more, with a back or without."""
    sizes = ((0.85, 1.7), (0.3, 0.5), (0.36, 0.5))
    seat = draw_seat(draw, *sizes, forms=("square",), thickness=(0.03, 0.1))
    yield from seat_pieces(draw, seat)
    bar = draw.number("leg_width", 0.03, 0.08)
    base = draw.choice("base", ("legs", "trestle", "sled", "crossed", "box"))
    x, y = seat.width / 2, seat.depth / 2
    if base == "trestle":
        yield from supports.trestle(draw, seat.width, seat.depth, seat.middle, bar)
    elif base == "box":
        low = 0.0 if draw.chance("on_floor", 0.5) else 0.12
        yield box((-0.98 * x, -0.95 * y, low), (0.98 * x, 0.95 * y, seat.middle))
        if low:
            places = seat.places(bar)
            yield from supports.legs(draw, places, low + 0.02, bar, 0)
    else:
        build = getattr(supports, base)
        yield from build(draw, seat.places(bar), seat.middle, bar)
    if not draw.chance("has_back", 0.55):
        return
    tilt, high = draw.number("back_tilt", 0, 16), draw.number("back_height", 0.3, 0.55)
    kinds = ("panel", "padded", "rails", "bars", "spindles", "ladder", "cross")
    back = backs.back(draw, seat.back_width, high, kinds)
    yield from placed(back, (0, seat.rear - 0.035, seat.middle), tilt=tilt)
    if draw.chance("arms", 0.6):
        yield from arms(draw, seat, tilt, ("post", "loop", "panel", "curved"))


def sofa(draw: Draw) -> Pieces:
    """Two to four seats; with a corner, a chaise, or as a day bed."""
    kind = draw.choice(
        "kind", ("straight", "corner", "chaise", "day_bed"), (5, 2, 2, 1)
    )
    seats = draw.whole("seats", 2, 4)
    each = draw.number("seat_width", 0.5, 0.7)
    depth, top = (
        draw.number("seat_depth", 0.6, 0.85),
        draw.number("seat_height", 0.38, 0.48),
    )
    low = draw.number("clearance", 0.0, 0.18)
    low = low if low > 0.05 else 0.0
    seat = Seat("square", seats * each, depth, 0.5 * (top - low), top)
    x, y = seat.width / 2, depth / 2
    yield cushion((-x, -y, low), (x, y, top - 0.1), 0.03)
    yield from _cushions(draw, seat, each)
    back = draw.number("back_thickness", 0.1, 0.22)
    high = top + draw.number("back_height", 0.25, 0.5)
    right = 1 if draw.chance("to_the_right", 0.5) else -1
    arm = draw.number("arm_width", 0.08, 0.24)
    arm_top = top + draw.number("arm_height", 0.0, 0.26)
    places = [
        (-x + 0.05, -y + 0.05),
        (x - 0.05, -y + 0.05),
        (x - 0.05, y),
        (-x + 0.05, y),
    ]
    yield cushion((-x - arm, y - 0.02, low), (x + arm, y + back, high), 0.06)
    sides = (-right,) if kind in ("corner", "chaise", "day_bed") else (-1, 1)
    for side in sides:
        x0, x1 = sorted((side * (x - 0.01), side * (x + arm)))
        yield cushion((x0, -y, low), (x1, y + 0.02, arm_top), 0.05)
    if kind in ("corner", "chaise"):
        reach = draw.number("wing", 0.5, 1.2 if kind == "corner" else 0.8)
        x0, x1 = sorted((right * (x - each), right * x))
        front = -y - reach
        yield cushion((x0, front, low), (x1, -y + 0.05, top - 0.02), 0.05)
        places += [(x0 + 0.05, front + 0.05), (x1 - 0.05, front + 0.05)]
        if kind == "corner":
            x0, x1 = sorted((right * (x - 0.01), right * (x + back)))
            yield cushion((x0, front, low), (x1, y + 0.02, high), 0.06)
    if low:
        bar = draw.number("leg_width", 0.03, 0.06)
        for px, py in places:
            yield box(
                (px - bar / 2, py - bar / 2, 0),
                (px + bar / 2, py + bar / 2, low + 0.05),
            )


def _cushions(draw: Draw, seat: Seat, each: float) -> Pieces:
    """One for each seat, and some behind them."""
    count = round(seat.width / each)
    parted = draw.chance("parted", 0.6)
    ends = np.linspace(-seat.width / 2, seat.width / 2, count + 1 if parted else 2)
    loose = draw.chance("back_cushions", 0.6)
    y, thick = seat.depth / 2, draw.number("cushion", 0.12, 0.2)
    high = seat.top + draw.number("cushion_height", 0.25, 0.42)
    for x0, x1 in itertools.pairwise(ends):
        yield cushion((x0, -y, seat.top - 0.14), (x1, y, seat.top), 0.05)
        if loose:
            yield cushion((x0, y - thick, seat.top - 0.04), (x1, y + 0.03, high), 0.06)
