"""Chairs of all kinds."""

import numpy as np

from ..procedural_chairs.parts import ROUND_SIDES, beam, box, outline, plate
from . import backs, moulded, supports
from .draw import Draw
from .primitives import Pieces, bent, cushion, placed
from .seats import Seat, arms, draw_seat, seat_pieces, wing

_OPEN_ARMS = ("post", "loop", "curved", "t")


def chair(draw: Draw) -> Pieces:
    """A chair of one of `KINDS`."""
    kind = draw.choice("kind", list(KINDS), [weight for weight, _ in KINDS.values()])
    return KINDS[kind][1](draw)


def _lean(seat: Seat, pieces: Pieces, tilt: float) -> Pieces:
    """Sets an upright back on the rear of a seat."""
    return placed(pieces, (0, seat.rear - 0.035, seat.middle), tilt=tilt)


def _back_and_arms(
    draw: Draw,
    seat: Seat,
    height: tuple[float, float],
    kinds,
    armed: float,
    tilts=(0, 18),
) -> Pieces:
    tilt = draw.number("back_tilt", *tilts)
    high = draw.number("back_height", *height) + seat.thickness / 2
    yield from _lean(seat, backs.back(draw, seat.back_width, high, kinds), tilt)
    if draw.chance("arms", armed):
        yield from arms(draw, seat, tilt, _OPEN_ARMS)


def _dining(draw: Draw) -> Pieces:
    seat = draw_seat(draw)
    width = draw.number("leg_width", 0.02, 0.06)
    yield from seat_pieces(draw, seat)
    yield from supports.legs(draw, seat.places(width), seat.middle, width)
    yield from _back_and_arms(draw, seat, (0.25, 0.62), backs.KINDS, 0.35)


def _parsons(draw: Draw) -> Pieces:
    """Upholstered all over, with the back as wide as the seat and plain legs."""
    sizes = ((0.4, 0.58), (0.4, 0.58), (0.4, 0.52))
    seat = draw_seat(draw, *sizes, ("square", "trapezoid"), (0.05, 0.18))
    shape = outline(seat.form, seat.width, seat.depth)
    yield plate(shape, seat.top - seat.thickness, seat.top, 0.3 * seat.thickness)
    width = draw.number("leg_width", 0.03, 0.07)
    yield from supports.legs(draw, seat.places(width), seat.middle, width, 0.15)
    tilt, high = draw.number("back_tilt", 0, 14), draw.number("back_height", 0.25, 0.65)
    thick = draw.number("back_thickness", 0.03, 0.1)
    half = seat.back_width / 2
    flare = half * draw.number("back_flare", 0.8, 1.15)
    z = np.linspace(-seat.thickness / 2, high, 7)
    bow = draw.number("back_bow", 0.0, 0.07)
    path = np.column_stack([bow * np.sin(np.linspace(-0.3, 1.3, 7) * np.pi), z])
    ends = np.linspace(half, flare, 7)
    back = [bent(path, -thick, -ends, ends)]
    offset = (0, seat.rear - thick, seat.middle)
    yield from placed(back, offset, tilt=tilt)
    if draw.chance("arms", 0.3):
        yield from arms(draw, seat, tilt, ("post", "panel", "t"))


def _windsor(draw: Draw) -> Pieces:
    seat = draw_seat(draw, forms=("rounded", "round"), thickness=(0.03, 0.06))
    width = draw.number("leg_width", 0.025, 0.045)
    yield from seat_pieces(draw, seat)
    yield from supports.legs(draw, seat.places(width), seat.middle, width, 0.8)
    yield from _back_and_arms(draw, seat, (0.32, 0.55), ("hoop", "spindles"), 0.4)


def _swivel(draw: Draw) -> Pieces:
    seat = draw_seat(draw, top=(0.4, 0.56), thickness=(0.04, 0.12))
    column = draw.number("column", 0.035, 0.07)
    reach = draw.number("star_reach", 0.24, 0.36)
    yield from seat_pieces(draw, seat)
    yield from supports.star(draw, reach, seat.middle, column)
    half = 0.175 * min(seat.width, seat.depth)  # of the plate below the seat
    low = seat.top - seat.thickness - 0.03
    yield box((-half, -half, low), (half, half, seat.middle))
    kinds = ("panel", "curved", "padded", "headrest", "rails", "wave", "oval")
    yield from _back_and_arms(draw, seat, (0.3, 0.75), kinds, 0.6)


def _pedestal(draw: Draw) -> Pieces:
    seat = draw_seat(draw)
    yield from seat_pieces(draw, seat)
    reach = draw.number("foot_reach", 0.2, 0.3)
    column = draw.number("column", 0.03, 0.08)
    yield from supports.pedestal(draw, reach, seat.middle, column)
    yield from _back_and_arms(draw, seat, (0.25, 0.6), backs.PLAIN, 0.35)


def _sled(draw: Draw) -> Pieces:
    seat = draw_seat(draw, forms=("square", "rounded", "trapezoid"))
    width = draw.number("leg_width", 0.02, 0.04)
    yield from seat_pieces(draw, seat)
    base = draw.choice("base", ("sled", "cantilever", "crossed"))
    build = supports.ON_CORNERS[base]
    yield from build(draw, seat.places(width), seat.middle, width)
    yield from _back_and_arms(draw, seat, (0.3, 0.6), backs.PLAIN, 0.4)


def _rocking(draw: Draw) -> Pieces:
    seat = draw_seat(draw)
    width = draw.number("leg_width", 0.025, 0.05)
    yield from seat_pieces(draw, seat)
    yield from supports.runners(draw, seat.places(width), seat.middle, width)
    kinds = ("ladder", "spindles", "hoop", "bars", "panel", "splat")
    yield from _back_and_arms(draw, seat, (0.5, 0.8), kinds, 0.75, (8, 22))


def _plinth(draw: Draw, seat: Seat) -> Pieces:
    """Short legs, a plinth, a pedestal or the floor itself below upholstery."""
    low = seat.top - seat.thickness
    kind = draw.choice("base", ("legs", "plinth", "floor", "pedestal"), (5, 2, 2, 1))
    if kind == "legs":
        width = draw.number("leg_width", 0.03, 0.07)
        yield from supports.legs(draw, seat.places(width + 0.02), low + 0.02, width, 0)
    elif kind == "pedestal":
        yield from supports.pedestal(draw, 0.4 * seat.width, low + 0.02, 0.08)
    else:
        inset = 0.03 if kind == "plinth" else 0.0
        x, y = seat.width / 2 - inset, seat.depth / 2 - inset
        yield box((-x, -y, 0), (x, y, low + 0.02))


def _club(draw: Draw) -> Pieces:
    """Upholstered, with solid arms; with wings if it is high."""
    sizes = ((0.55, 0.75), (0.55, 0.75), (0.38, 0.46))
    seat = draw_seat(draw, *sizes, forms=("square",), thickness=(0.12, 0.28))
    x, y, low = seat.width / 2, seat.depth / 2, seat.top - seat.thickness
    yield cushion((-x, -y, low), (x, y, seat.top), draw.number("rounding", 0.01, 0.08))
    yield from _plinth(draw, seat)
    winged = draw.chance("wings", 0.35)
    tilt = draw.number("back_tilt", 0, 5 if winged else 16)
    height = draw.number("back_height", *((0.6, 0.8) if winged else (0.3, 0.6)))
    thick = draw.number("back_thickness", 0.08, 0.2)
    pad = cushion((-x, -thick / 2, -0.1), (x, thick / 2, height), 0.08)
    yield from placed([pad], (0, y - thick / 2, seat.middle), tilt=tilt)
    arm = draw.number("arm_width", 0.07, 0.18)
    top = seat.top + draw.number("arm_height", 0.12, 0.26)
    rolled = draw.chance("rolled_arms", 0.35)
    for side in (-1, 1):
        x0, x1 = sorted((side * (x - 0.02), side * (x + arm)))
        yield cushion((x0, -y, low), (x1, y, top), 0.04)
        if rolled:
            middle = ((x0 + x1) / 2, -y - 0.01, top - 0.2 * arm)
            yield beam(middle, (middle[0], y, middle[2]), 1.3 * arm, sides=ROUND_SIDES)
        if winged:
            yield from wing(seat, side, top - 0.05, seat.middle + height, 0.7 * y)


def _box(draw: Draw) -> Pieces:
    """Of boards: sides that are legs and arms at once."""
    seat = draw_seat(draw, (0.42, 0.65), (0.42, 0.65), (0.34, 0.48), ("square",))
    x, y = seat.width / 2, seat.depth / 2
    yield from seat_pieces(draw, seat)
    board = draw.number("board", 0.02, 0.1)
    top = seat.top + draw.number("side_height", -0.02, 0.28)
    hollow = draw.chance("open_sides", 0.5)
    for side in (-1, 1):
        x0, x1 = sorted((side * (x - 0.005), side * (x + board)))
        if not hollow:
            yield box((x0, -y, 0), (x1, y, top))
            continue
        bar = max(board, 0.035)
        for low, high in ((-y, bar - y), (y - bar, y)):
            yield box((x0, low, 0), (x1, high, top))
        for z in (top - bar, 0.0)[: draw.part(f"side{side}").whole("rails", 1, 2)]:
            yield box((x0, -y, z), (x1, y, z + bar))
        yield box((x0, -y, seat.top - seat.thickness), (x1, y, seat.top))
    tilt, high = draw.number("back_tilt", 0, 22), draw.number("back_height", 0.25, 0.65)
    yield from _lean(seat, backs.back(draw, seat.width, high, backs.PLAIN), tilt)


# How often each is drawn, and what builds it.
KINDS = {
    "dining": (5, _dining),
    "parsons": (3, _parsons),
    "windsor": (1, _windsor),
    "swivel": (3, _swivel),
    "pedestal": (1, _pedestal),
    "sled": (2, _sled),
    "rocking": (1, _rocking),
    "club": (3, _club),
    "tub": (2, moulded.tub_chair),
    "shell": (2, moulded.shell_chair),
    "bowl": (2, moulded.bowl_chair),
    "lounge": (1.5, moulded.lounge_chair),
    "box": (1.5, _box),
}
