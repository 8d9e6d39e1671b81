"""Chairs of all kinds."""

import numpy as np

from ..procedural_chairs.parts import ROUND_SIDES, beam, box, outline, plate, tube
from . import backs, supports
from .draw import Draw
from .primitives import Pieces, arc, bent, bowl, cushion, placed
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
    plate = 0.35 * min(seat.width, seat.depth)
    low = seat.top - seat.thickness - 0.03
    yield box((-plate / 2, -plate / 2, low), (plate / 2, plate / 2, seat.middle))
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
    build = getattr(supports, base)
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
    """Short legs, a plinth or a star below upholstery."""
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


def _tub(draw: Draw) -> Pieces:
    """A back that goes round the sides."""
    seat = draw_seat(draw, (0.45, 0.65), (0.42, 0.6), forms=("round", "rounded"))
    yield from seat_pieces(draw, seat)
    turns = draw.number("wrap", 120, 200)
    radii = np.array((seat.width, seat.depth)) / 2
    path = arc((0, 0), radii, 90 + turns / 2, 90 - turns / 2, 17)
    high = draw.number("back_height", 0.25, 0.5)
    arm = draw.number("arm_share", 0.4, 1.0)
    share = np.abs(np.linspace(-1, 1, 17))
    top = seat.top + high * (1 - (1 - arm) * share ** draw.number("slope", 1, 3))
    thick = draw.number("back_thickness", 0.02, 0.08)
    if draw.chance("spindles", 0.3):
        bar = np.column_stack([path, top])
        yield tube(bar, [max(thick, 0.03)] * 17, sides=8)
        for x, y, z in bar[::2]:
            yield beam((0.93 * x, 0.93 * y, seat.middle), (x, y, z), 0.022, sides=6)
    else:
        yield bent(path, thick, seat.top - seat.thickness, top, axis=2)
    kind = draw.choice("base", ("legs", "star", "pedestal", "floor"), (5, 2, 2, 2))
    if kind == "legs":
        width = draw.number("leg_width", 0.025, 0.05)
        yield from supports.legs(draw, seat.places(width), seat.middle, width)
    elif kind == "floor":
        yield beam((0, 0, 0), (0, 0, seat.middle), 0.8 * seat.depth, sides=20)
    else:
        build = supports.star if kind == "star" else supports.pedestal
        yield from build(draw, 0.26, seat.middle, 0.05)


def _shell(draw: Draw) -> Pieces:
    """Seat and back of one bent sheet, wider or narrower at places."""
    width, depth = draw.number("width", 0.4, 0.6), draw.number("depth", 0.4, 0.56)
    top, high = (
        draw.number("seat_height", 0.32, 0.48),
        draw.number("back_height", 0.3, 0.75),
    )
    tilt = np.deg2rad(draw.number("back_tilt", 4, 32))
    radius = draw.number("bend", 0.05, 0.14)
    rise = draw.number("seat_rise", 0.0, 0.08)
    y = depth / 2
    bend = arc((y - radius, top + radius), radius, -90, -np.rad2deg(tilt), 6)
    along = np.array((np.sin(tilt), np.cos(tilt)))
    ends = bend[-1] + along * np.array([[0.5], [1.0]]) * high
    path = np.concatenate([[(-y, top + rise), (-y / 3, top + 0.2 * rise)], bend, ends])
    waist = draw.number("waist", 0.6, 1.0)
    shape = [0.9, 1.0, 0.95, waist, waist, waist, waist, waist, 1.0, 0.85]
    half = width / 2 * np.array(shape)
    yield bent(path, draw.number("thickness", 0.015, 0.06), -half, half)
    seat = Seat("square", width, 0.8 * depth, 0.04, top + 0.03)
    bar = draw.number("leg_width", 0.02, 0.045)
    base = draw.choice("base", ("legs", "sled", "star", "pedestal", "runners"))
    if base in ("star", "pedestal"):
        build = supports.star if base == "star" else supports.pedestal
        yield from build(draw, 0.27, top + 0.02, 0.05)
    else:
        build = getattr(supports, base)
        yield from build(draw, seat.places(bar + 0.04), top + 0.02, bar)
    if draw.chance("arms", 0.2):
        yield from arms(draw, seat, np.rad2deg(tilt), ("loop", "post"))


def _bowl(draw: Draw) -> Pieces:
    """A moulded bowl that is higher behind: egg, tulip and bucket chairs."""
    width = draw.number("width", 0.5, 0.75)
    depth, top = (
        width * draw.number("depth_share", 0.8, 1.1),
        draw.number("seat_height", 0.3, 0.44),
    )
    rim = draw.number("rim", 0.35, 0.6)
    shares = np.linspace(0, 1, 6)
    profile = np.column_stack(
        [0.02 + shares**rim, shares ** draw.number("belly", 1.2, 3)]
    )
    angles = np.linspace(-90, 270, 29)
    behind = (1 + np.sin(np.deg2rad(angles))) / 2  # 0 in front, 1 behind
    high, low = draw.number("back_height", 0.3, 0.8), draw.number("front", 0.0, 0.12)
    lifts = low + (high - low) * behind ** draw.number("slope", 0.7, 3)
    bands = list(bowl(profile, angles, lifts, draw.number("thickness", 0.03, 0.07)))
    lean = draw.number("lean", 0.0, 0.5)
    for band in bands:
        band.vertices[:, 1] += lean * band.vertices[:, 2] ** 2
        yield band.apply_scale((width / 2, depth / 2, 1)).apply_translation((0, 0, top))
    yield cushion(
        (-0.3 * width, -0.35 * depth, top), (0.3 * width, 0.3 * depth, top + 0.06), 0.03
    )
    base = draw.choice("base", ("star", "pedestal", "legs", "sled", "runners"))
    if base in ("star", "pedestal"):
        build = getattr(supports, base)
        yield from build(draw, 0.27, top + 0.03, draw.number("column", 0.03, 0.09))
    else:
        bar = draw.number("leg_width", 0.02, 0.045)
        places = supports.corners(0.55 * width, 0.55 * depth)
        yield from getattr(supports, base)(draw, places, top + 0.06, bar)


def _lounge(draw: Draw) -> Pieces:
    """A long chair to lie on: a bent sheet on legs, with pads or without."""
    width, top = draw.number("width", 0.5, 0.75), draw.number("height", 0.26, 0.42)
    length, high = (
        draw.number("length", 0.7, 1.1),
        draw.number("back_height", 0.35, 0.65),
    )
    tilt = np.deg2rad(draw.number("back_tilt", 28, 60))
    knee, drop = draw.number("knee", 0.0, 0.5), draw.number("foot_drop", -0.1, 0.2)
    y = length / 2
    back_end = (y + high * np.sin(tilt), top + high * np.cos(tilt))
    path = [
        (-y - knee, top - drop),
        (-y, top + 0.04),
        (0, top - 0.01),
        (y, top),
        back_end,
    ]
    if knee < 0.15:
        path = path[1:]
    thick = draw.number("thickness", 0.04, 0.14)
    yield bent(np.array(path), thick, -width / 2, width / 2)
    seat = Seat("square", 0.96 * width, 0.9 * length, thick, top + thick)
    bar = draw.number("leg_width", 0.03, 0.06)
    base = draw.choice("base", ("legs", "sled", "crossed", "star"))
    if base == "star":
        yield from supports.star(draw, 0.36, top + 0.03, 0.06)
    else:
        places = seat.places(bar)
        yield from getattr(supports, base)(draw, places, top + 0.02, bar)
    if draw.chance("arms", 0.4):
        yield from arms(draw, seat, 20, ("post", "panel", "padded"))


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
    "tub": (2, _tub),
    "shell": (2, _shell),
    "bowl": (2, _bowl),
    "lounge": (1.5, _lounge),
    "box": (1.5, _box),
}
