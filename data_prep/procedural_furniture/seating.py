"""Stools and benches."""

from ..procedural_chairs.parts import box, outline, plate
from . import backs, supports
from .draw import Draw
from .primitives import Pieces, cushion, placed
from .seats import arms, draw_seat, seat_pieces


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
        build = supports.ON_COLUMN[base]
        reach = draw.number("foot_reach", 0.18, 0.28)
        yield from build(draw, reach, seat.middle, draw.number("column", 0.03, 0.07))
    elif base == "panels":
        bar = draw.number("board", 0.02, 0.06)
        yield from supports.trestle(draw, seat.width, seat.depth, seat.middle, bar)
    else:
        bar = draw.number("leg_width", 0.02, 0.055)
        build = supports.ON_CORNERS[base]
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
        build = supports.ON_CORNERS[base]
        yield from build(draw, seat.places(bar), seat.middle, bar)
    if not draw.chance("has_back", 0.55):
        return
    tilt, high = draw.number("back_tilt", 0, 16), draw.number("back_height", 0.3, 0.55)
    kinds = ("panel", "padded", "rails", "bars", "spindles", "ladder", "cross")
    back = backs.back(draw, seat.back_width, high, kinds)
    yield from placed(back, (0, seat.rear - 0.035, seat.middle), tilt=tilt)
    if draw.chance("arms", 0.6):
        yield from arms(draw, seat, tilt, ("post", "loop", "panel", "curved"))
