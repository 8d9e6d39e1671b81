"""Sofas: two to four seats, with a corner, a chaise, curved, or on a frame."""

import dataclasses
import itertools

import numpy as np

from ..procedural_chairs.parts import ROUND_SIDES, beam, box
from . import backs, supports
from .draw import Draw
from .primitives import Pieces, arc, bent, cushion, placed
from .seats import Seat, arms

_FOOT = 0.05  # of what legs reach into what they carry


def sofa(draw: Draw) -> Pieces:
    """A sofa; corners and chaises to the left or right."""
    kinds = ("straight", "corner", "chaise", "day_bed", "curved", "framed")
    kind = draw.choice("kind", kinds, (4, 2, 2, 1, 1, 2))
    if kind == "curved":
        return _curved(draw)
    return _framed(draw) if kind == "framed" else _upholstered(draw, kind)


@dataclasses.dataclass(frozen=True)
class _Body:
    """What an upholstered sofa's parts share; lengths in metres.

    Attributes:
      seat: all of it, without what stands out in front.
      each: the width of one seat.
      low: of the body above the floor.
      high: the upper edge of the back.
      back: its thickness.
    """

    seat: Seat
    each: float
    low: float
    high: float
    back: float


def _draw_body(draw: Draw) -> _Body:
    each, seats = draw.number("seat_width", 0.5, 0.7), draw.whole("seats", 2, 4)
    depth = draw.number("seat_depth", 0.6, 0.9)
    top = draw.number("seat_height", 0.36, 0.48)
    low = draw.number("clearance", 0.0, 0.2)
    low = low if low > 0.05 else 0.0
    seat = Seat("square", seats * each, depth, 0.5 * (top - low), top)
    high = top + draw.number("back_height", 0.2, 0.55)
    return _Body(seat, each, low, high, draw.number("back_thickness", 0.08, 0.22))


def _upholstered(draw: Draw, kind: str) -> Pieces:
    body = _draw_body(draw)
    right = 1 if draw.chance("to_the_right", 0.5) else -1
    seat, low, high = body.seat, body.low, body.high
    x, y = seat.width / 2, seat.depth / 2
    yield cushion((-x, -y, low), (x, y, seat.top - 0.1), 0.03)
    yield from _cushions(draw, body)
    yield cushion((-x, y - 0.02, low), (x, y + body.back, high), 0.06)
    yield from _arms(draw, body, (-1, 1) if kind == "straight" else (-right,))
    places = [(-x + 0.05, 0.05 - y), (x - 0.05, 0.05 - y), (x - 0.05, y), (0.05 - x, y)]
    if kind in ("corner", "chaise"):
        reach = draw.number("wing", 0.4, 1.2 if kind == "corner" else 0.8)
        x0, x1 = sorted((right * (x - body.each), right * x))
        front = -y - reach
        yield cushion((x0, front, low), (x1, 0.05 - y, seat.top - 0.02), 0.05)
        places += [(x0 + 0.05, front + 0.05), (x1 - 0.05, front + 0.05)]
        if kind == "corner":
            x0, x1 = sorted((right * (x - 0.01), right * (x + body.back)))
            yield cushion((x0, front, low), (x1, y + body.back, high), 0.06)
    if low:
        bar = draw.number("leg_width", 0.03, 0.07)
        if len(places) == 4 and draw.chance("shaped_legs", 0.6):
            yield from supports.legs(draw, places, low + _FOOT, bar, 0)
            return
        for px, py in places:
            yield beam((px, py, 0), (px, py, low + _FOOT), bar)


def _arms(draw: Draw, body: _Body, sides: tuple[int, ...]) -> Pieces:
    """Padded, rolled, sloping or thin ones, or none."""
    kind = draw.choice(
        "arm", ("padded", "rolled", "sloping", "thin", "none"), (4, 3, 2, 2, 1)
    )
    if kind == "none":
        return
    x, y, low = body.seat.width / 2, body.seat.depth / 2, body.low
    width = draw.number("arm_width", 0.08, 0.26)
    top = body.seat.top + draw.number("arm_height", 0.0, 0.28)
    rear = y + body.back
    for side in sides:
        wide = 0.05 if kind == "thin" else width
        x0, x1 = sorted((side * (x - 0.01), side * (x + wide)))
        if kind == "sloping":
            path = np.column_stack([[-y, y, rear], [top - 0.1, body.high, body.high]])
            yield bent(path, -(top - 0.1 - low), x0, x1)
            continue
        yield cushion((x0, -y, low), (x1, rear, top), 0.01 if kind == "thin" else 0.05)
        if kind == "rolled":
            centre = (x0 + x1) / 2 + side * 0.03
            start, end = (centre, -y - 0.01, top - 0.03), (centre, rear, top - 0.03)
            yield beam(start, end, 1.3 * width, sides=ROUND_SIDES)


def _cushions(draw: Draw, body: _Body) -> Pieces:
    """One for each seat, and some behind them."""
    seat, count = body.seat, round(body.seat.width / body.each)
    parted = draw.chance("parted", 0.6)
    ends = np.linspace(-seat.width / 2, seat.width / 2, count + 1 if parted else 2)
    loose = draw.chance("back_cushions", 0.6)
    y, thick = seat.depth / 2, draw.number("cushion", 0.12, 0.2)
    high = seat.top + draw.number("cushion_height", 0.25, 0.42)
    for x0, x1 in itertools.pairwise(ends):
        yield cushion((x0, -y, seat.top - 0.14), (x1, y, seat.top), 0.05)
        if loose:
            yield cushion((x0, y - thick, seat.top - 0.04), (x1, y + 0.03, high), 0.06)


def _curved(draw: Draw) -> Pieces:
    """A seat and a back along an arc, open to the front."""
    radius, wrap = draw.number("radius", 0.8, 1.8), draw.number("wrap", 60, 170)
    depth = draw.number("seat_depth", 0.5, 0.7)
    top = draw.number("seat_height", 0.36, 0.48)
    low = draw.number("clearance", 0.0, 0.15)
    low = low if low > 0.05 else 0.0
    path = arc((0, 0), radius, 90 + wrap / 2, 90 - wrap / 2, 17)
    yield bent(path, -depth, low, top, axis=2)
    thick = draw.number("back_thickness", 0.08, 0.2)
    high = draw.number("back_height", 0.2, 0.5)
    slope = draw.number("slope", 0.0, 0.8)
    rise = high * (1 - slope * np.linspace(-1, 1, 17) ** 4)
    yield bent(path, thick, low, top + rise, axis=2)
    if low:
        bar = draw.number("leg_width", 0.03, 0.06)
        for x, y in np.concatenate(
            [path[1::5] * 0.97, path[1::5] * (1 - 0.8 * depth / radius)]
        ):
            yield beam((x, y, 0), (x, y, low + _FOOT), bar)


def _framed(draw: Draw) -> Pieces:
    """Cushions on a frame of wood or tubes."""
    body = _draw_body(draw)
    seat = body.seat
    x, y, thick = seat.width / 2, seat.depth / 2, draw.number("cushion", 0.08, 0.16)
    bar = draw.number("leg_width", 0.03, 0.07)
    deck = Seat("square", seat.width, seat.depth, 0.05, seat.top - thick)
    yield box((-x, -y, deck.top - 0.05), (x, y, deck.top))
    ends = np.linspace(-x, x, round(seat.width / body.each) + 1)
    for x0, x1 in itertools.pairwise(ends):
        yield cushion((x0, -y, deck.top - 0.02), (x1, y, seat.top), 0.04)
    base = draw.choice("base", ("legs", "sled", "crossed", "trestle"))
    if base == "trestle":
        yield from supports.trestle(draw, seat.width, seat.depth, deck.middle, bar)
    else:
        places = deck.places(bar)
        yield from supports.ON_CORNERS[base](draw, places, deck.middle, bar)
    tilt, high = draw.number("back_tilt", 2, 20), body.high - deck.middle
    kinds = ("padded", "bars", "spindles", "rails", "panel")
    back = backs.back(draw, seat.width, high, kinds)
    yield from placed(back, (0, y - 0.035, deck.middle), tilt=tilt)
    if draw.chance("arms", 0.7):
        yield from arms(draw, seat, tilt, ("post", "loop", "panel", "curved"))
