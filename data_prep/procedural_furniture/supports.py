"""What furniture stands on: legs, pedestals, runners and panels."""

import math

import numpy as np

from ..procedural_chairs.parts import ROUND_SIDES, beam, box, outline, plate, tube
from .draw import Draw
from .primitives import Pieces, turned, wheel

LEGS = ("square", "round", "tapered", "splayed", "raked", "turned", "sabre", "cabriole")
# Front left, front right, back right, back left.
Corners = list[tuple[float, float]]


def corners(width: float, depth: float, inset: float = 0.0) -> Corners:
    """Those of a rectangle around the origin, drawn in."""
    x, y = width / 2 - inset, depth / 2 - inset
    return [(-x, -y), (x, -y), (x, y), (-x, y)]


def legs(
    draw: Draw, places: Corners, top: float, width: float, stretched: float = 0.4
) -> Pieces:
    """A leg at each place, all alike, and bars between them in a share of all."""
    style = draw.choice("leg", LEGS)
    end = width * draw.number("leg_taper", 0.4, 0.9)
    reach = draw.number("leg_splay", 0.03, 0.12) * min(top, 1.0) / 0.45
    profile = turning(draw, width) if style == "turned" else None
    feet = []
    for x, y in places:
        away = (math.copysign(1, x), math.copysign(1, y))
        splay = reach if style in ("splayed", "sabre") else 0.0
        behind = reach if style == "raked" and y > 0 else splay
        foot = np.array((x + away[0] * splay, y + away[1] * behind, 0.0))
        feet.append(foot)
        start = np.array((x, y, top))
        if style in ("square", "tapered", "splayed", "raked", "round"):
            thin = end if style in ("tapered", "splayed", "raked") else width
            sides = ROUND_SIDES if style in ("round", "splayed") else 4
            yield beam(start, foot, width, thin, sides)
        elif style == "turned":
            yield turned(foot, start, profile)
        else:
            yield _curved_leg(start, foot, width, end, style, away)
    if draw.chance("stretchers", stretched):
        yield from stretchers(draw, places, feet, top, max(0.7 * width, 0.022))


def turning(draw: Draw, width: float) -> list[tuple[float, float]]:
    """The profile of a turned piece: knots, and necks between them."""
    knots = draw.whole("turned_knots", 1, 4)
    neck = width * draw.number("turned_neck", 0.4, 0.75)
    low = draw.number("turned_foot", 0.05, 0.3)
    inner = np.linspace(low, 0.8, 2 * knots + 1)
    profile = [(0.0, 0.7 * width)]
    profile += [(s, neck if i % 2 else width) for i, s in enumerate(inner)]
    return [*profile, (1.0, width)]


def _curved_leg(start, foot, width: float, end: float, style: str, away):
    shares = np.linspace(0, 1, 7)
    if style == "sabre":
        bow = np.array((-0.25 * (foot - start)[0], -0.25 * (foot - start)[1], 0))
        shift = 4 * (shares * (1 - shares))[:, None] * bow
    else:  # out at the knee, in at the ankle, out at the foot
        wave = 0.6 * width * np.sin(shares * 2 * np.pi)[:, None]
        shift = wave * np.array((*away, 0.0))
    points = start + shares[:, None] * (foot - start) + shift
    return tube(points, np.linspace(width, end, 7))


def stretchers(draw: Draw, places: Corners, feet, top: float, width: float) -> Pieces:
    """Bars between legs: round them, as an H, an X, or one rung above the other."""
    kind = draw.choice("stretcher", ("round", "h", "sides", "x", "double"))
    height = draw.number("stretcher_height", 0.2, 0.6)

    def joint(i: int, share: float):
        return (1 - share) * feet[i] + share * np.array((*places[i], top))

    joints = [joint(i, height) for i in range(4)]
    pairs = {
        "round": ((0, 1), (1, 2), (2, 3), (3, 0)),
        "x": ((0, 2), (1, 3)),
    }.get(kind, ((0, 3), (1, 2)))
    for i, j in pairs:
        yield beam(joints[i], joints[j], width)
    if kind == "h":
        middle = [(joints[i] + joints[j]) / 2 for i, j in pairs]
        yield beam(*middle, width)
    if kind == "double":
        for i, j in (*pairs, (0, 1)):
            share = height + 0.25
            yield beam(joint(i, share), joint(j, share), width)


def star(draw: Draw, reach: float, top: float, column: float) -> Pieces:
    """A column on a star of feet, with wheels or without."""
    feet = draw.whole("star_feet", 3, 6)
    rolling = draw.chance("wheels", 0.6)
    hub = draw.number("star_height", 0.06, 0.14)
    radius = 0.028 if rolling else 0.0
    sleeve = draw.number("column_sleeve", 0.4, 0.8)
    yield beam((0, 0, hub - 0.04), (0, 0, top), column, sides=ROUND_SIDES)
    yield beam(
        (0, 0, hub - 0.04), (0, 0, sleeve * top), 1.6 * column, sides=ROUND_SIDES
    )
    for i in range(feet):
        angle = 2 * math.pi * i / feet - math.pi / 2
        along = np.array((math.cos(angle), math.sin(angle), 0))
        end = reach * along + (0, 0, 2 * radius + 0.015)
        yield beam((0, 0, hub), end, 0.05, 0.035)
        if rolling:
            across = (-along[1], along[0], 0)
            yield wheel(end - (0, 0, radius + 0.015), radius, 0.04, across)
        else:
            yield beam(end, reach * along, 0.04, sides=8)


def pedestal(draw: Draw, reach: float, top: float, column: float) -> Pieces:
    """A plain or turned column on a plate, a disc or curved feet."""
    profile = [(0.0, column), (1.0, column)]
    if draw.chance("turned_column", 0.4):
        profile = turning(draw, 1.8 * column)
    elif draw.chance("flared_column", 0.4):
        profile = [(0.0, 3 * column), (0.15, 1.4 * column), (0.5, column)]
        profile += [(0.85, 1.3 * column), (1.0, 2.5 * column)]
    yield turned((0, 0, 0.01), (0, 0, top), profile)
    foot = draw.choice("pedestal_foot", ("disc", "plate", "feet", "cone"))
    thick = draw.number("foot_thickness", 0.02, 0.06)
    if foot == "cone":
        yield turned(
            (0, 0, 0), (0, 0, 0.5 * top), [(0, 2 * reach), (0.2, reach), (1, column)]
        )
    elif foot == "feet":
        count = draw.whole("pedestal_feet", 3, 4)
        for i in range(count):
            angle = 2 * math.pi * (i + 0.5) / count - math.pi / 2
            along = np.array((math.cos(angle), math.sin(angle), 0))
            rise = np.array([0.3, 0.24, 0.12, 0.025])[:, None] * (0, 0, min(top, 1))
            way = np.array([0.0, 0.4, 0.75, 1.0])[:, None] * reach * along
            yield tube(way + rise, np.array([1.2, 1.1, 0.9, 0.7]) * 0.06)
    else:
        form = "round" if foot == "disc" else "square"
        yield plate(outline(form, 2 * reach, 2 * reach), 0, thick, 0.4 * thick)


def sled(draw: Draw, places: Corners, top: float, width: float) -> Pieces:
    """Two runners, each bent of one bar, and a bar between."""
    floor = width / 2
    lean = draw.number("sled_lean", -0.04, 0.08)
    left_front, right_front, right_back, left_back = places
    for front, back in ((left_front, left_back), (right_front, right_back)):
        low_front = (front[0], front[1] - lean, floor)
        low_back = (back[0], back[1] + lean, floor)
        bends = [(*front, top), low_front, low_back, (*back, top)]
        yield tube(bends, [width] * 4, sides=8)
    y = left_back[1] + lean
    yield beam((left_back[0], y, floor), (right_back[0], y, floor), width)


def crossed(draw: Draw, places: Corners, top: float, width: float) -> Pieces:
    """Legs that cross on each side, as of folding furniture."""
    left_front, right_front, right_back, left_back = places
    rail = draw.number("crossing_rail", 0.0, 0.9)
    for front, back in ((left_front, left_back), (right_front, right_back)):
        yield beam((*front, 0), (*back, top), width)
        yield beam((*back, 0), (*front, top), width)
    start, end = np.array((*left_front, 0.0)), np.array((*left_back, top))
    for share in (0.5, rail):
        x, y, z = start + share * (end - start)
        yield beam((x, y, z), (-x, y, z), width)


def trestle(draw: Draw, width: float, depth: float, top: float, bar: float) -> Pieces:
    """Two ends, as panels, posts on feet, As or Xs, and a beam between."""
    kind = draw.choice("trestle", ("panel", "post", "a", "x"))
    inset = draw.number("trestle_inset", 0.02, 0.25) * width
    half = depth * draw.number("trestle_depth", 0.35, 0.5)
    for x in (-width / 2 + inset, width / 2 - inset):
        if kind == "panel":
            yield box((x - bar / 2, -half, 0), (x + bar / 2, half, top))
        elif kind == "post":
            yield beam((x, 0, 0), (x, 0, top), 1.4 * bar)
            for z in (bar / 2, top - bar / 2):
                yield beam((x, -half, z), (x, half, z), bar)
        else:
            narrow = 0.15 if kind == "a" else -1.0
            for y in (-half, half):
                yield beam((x, y, 0), (x, narrow * y, top), bar)
            yield beam((x, -0.7 * half, 0.3 * top), (x, 0.7 * half, 0.3 * top), bar)
    beam_height = draw.number("trestle_beam", 0.15, 0.9) * top
    if kind == "x":
        beam_height = top / 2
    elif kind == "a":
        beam_height = 0.3 * top
    end = width / 2 - inset
    yield beam((-end, 0, beam_height), (end, 0, beam_height), bar)


def runners(draw: Draw, places: Corners, top: float, width: float) -> Pieces:
    """Legs on a pair of rockers."""
    rise = draw.number("rocker_rise", 0.05, 0.12)
    beyond = draw.number("rocker_length", 0.1, 0.3)
    left_front, right_front, right_back, left_back = places
    for front, back in ((left_front, left_back), (right_front, right_back)):
        y = np.linspace(front[1] - beyond, back[1] + 1.4 * beyond, 9)
        middle, half = (y[0] + y[-1]) / 2, (y[-1] - y[0]) / 2
        z = width / 2 + rise * ((y - middle) / half) ** 2
        share = (y - front[1]) / (back[1] - front[1])
        points = np.column_stack([front[0] + share * (back[0] - front[0]), y, z])
        yield tube(points, [width] * 9, sides=4)
        for x, place in (front, back):
            height = width / 2 + rise * ((place - middle) / half) ** 2
            yield beam((x, place, height), (x, place, top), width, sides=ROUND_SIDES)
    share = draw.number("rocker_bar", 0.3, 0.6) * top
    for start, end in ((left_front, right_front), (left_back, right_back)):
        yield beam((*start, share), (*end, share), 0.6 * width)


def cantilever(draw: Draw, places: Corners, top: float, width: float) -> Pieces:
    """One bent tube: from the back's end along the floor to the front and up."""
    floor = width / 2
    lean = draw.number("cantilever_lean", -0.06, 0.1)
    left_front, right_front, right_back, left_back = places
    bend = 0.06
    for front, back in ((left_front, left_back), (right_front, right_back)):
        x, y = front
        points = [(*back, top), (x, y + bend, top), (x, y, top - bend)]
        points += [(x, y + lean, floor + bend), (x, y + lean + bend, floor)]
        points += [(*back, floor)]
        yield tube(points, [width] * 6, sides=8)
    y = left_back[1]
    yield beam((left_back[0], y, floor), (right_back[0], y, floor), width)
    yield beam((left_back[0], y, top), (right_back[0], y, top), width)


# By name, what carries at corners, and what on one column; called alike.
ON_CORNERS = {
    "legs": legs,
    "sled": sled,
    "crossed": crossed,
    "runners": runners,
    "cantilever": cantilever,
}
ON_COLUMN = {"star": star, "pedestal": pedestal}
