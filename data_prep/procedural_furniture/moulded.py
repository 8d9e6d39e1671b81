"""Chairs whose back and sides are one bent sheet, and long ones to lie on."""

import numpy as np

from ..procedural_chairs.parts import beam, tube
from . import supports
from .draw import Draw
from .primitives import Pieces, arc, bent, bowl, cushion
from .seats import Seat, arms, draw_seat, seat_pieces


def tub_chair(draw: Draw) -> Pieces:
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
        build = supports.ON_COLUMN[kind]
        yield from build(draw, 0.26, seat.middle, 0.05)


def shell_chair(draw: Draw) -> Pieces:
    """Seat and back of one bent sheet, wider or narrower at places."""
    width, depth = draw.number("width", 0.4, 0.6), draw.number("depth", 0.4, 0.56)
    top = draw.number("seat_height", 0.32, 0.48)
    high = draw.number("back_height", 0.3, 0.75)
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
        build = supports.ON_COLUMN[base]
        yield from build(draw, 0.27, top + 0.02, 0.05)
    else:
        build = supports.ON_CORNERS[base]
        yield from build(draw, seat.places(bar + 0.04), top + 0.02, bar)
    if draw.chance("arms", 0.2):
        yield from arms(draw, seat, np.rad2deg(tilt), ("loop", "post"))


def bowl_chair(draw: Draw) -> Pieces:
    """A moulded bowl that is higher behind: egg, tulip and bucket chairs."""
    width = draw.number("width", 0.5, 0.75)
    depth = width * draw.number("depth_share", 0.8, 1.1)
    top = draw.number("seat_height", 0.3, 0.44)
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
        build = supports.ON_COLUMN[base]
        yield from build(draw, 0.27, top + 0.03, draw.number("column", 0.03, 0.09))
    else:
        bar = draw.number("leg_width", 0.02, 0.045)
        places = supports.corners(0.55 * width, 0.55 * depth)
        yield from supports.ON_CORNERS[base](draw, places, top + 0.06, bar)


def lounge_chair(draw: Draw) -> Pieces:
    """A long chair to lie on: a bent sheet on legs, flat or with a knee."""
    width, top = draw.number("width", 0.5, 0.75), draw.number("height", 0.26, 0.42)
    length = draw.number("length", 0.7, 1.1)
    high = draw.number("back_height", 0.35, 0.65)
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
        yield from supports.ON_CORNERS[base](draw, places, top + 0.02, bar)
    if draw.chance("arms", 0.4):
        yield from arms(draw, seat, 20, ("post", "panel", "padded"))
