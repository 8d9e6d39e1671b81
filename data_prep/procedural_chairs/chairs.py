"""The mesh of a chair.

Lengths are in metres; z is up, the floor z = 0, the front towards −y.
"""

import math
from collections.abc import Iterator

import numpy as np
import trimesh

from . import parts
from .parameters import ChairParameters

_AROUND = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def build_chair(p: ChairParameters) -> trimesh.Trimesh:
    """The mesh of a chair: closed pieces that overlap where they join."""
    pieces = [*_seat(p), *_base(p), *_back(p), *_arms(p)]
    if p.footrest > 0:
        pieces += _footrest(p)
    return trimesh.util.concatenate(pieces)


def _seat(p: ChairParameters) -> Iterator[trimesh.Trimesh]:
    outline = parts.outline(p.seat, p.seat_width, p.seat_depth)
    bottom = p.seat_height - p.seat_thickness
    yield parts.plate(outline, bottom, p.seat_height, p.seat_rounding)


def _corners(p: ChairParameters) -> list[tuple[float, float]]:
    """Where legs meet the seat: front left, front right, back right, back left."""
    inset = {"round": 0.68, "rounded": 0.9}.get(p.seat, 1.0)
    x = inset * p.seat_width / 2 - p.leg_width / 2
    y = inset * p.seat_depth / 2 - p.leg_width / 2
    back_x = 0.78 * p.seat_width / 2 - p.leg_width / 2 if p.seat == "trapezoid" else x
    return [(-x, -y), (x, -y), (back_x, y), (-back_x, y)]


def _base(p: ChairParameters) -> Iterator[trimesh.Trimesh]:
    if p.base in ("star", "disc"):
        return _pedestal(p)
    return _sled(p) if p.base == "sled" else _legs(p)


def _legs(p: ChairParameters) -> Iterator[trimesh.Trimesh]:
    top = p.seat_height - p.seat_thickness / 2
    taper = 1.0 if p.base == "straight" else p.leg_taper
    splay = p.leg_splay if p.base == "splayed" else 0.0
    sides = 4 if p.base == "straight" else parts.ROUND_SIDES
    feet = []
    for x, y in _corners(p):
        foot = (x + math.copysign(splay, x), y + math.copysign(splay, y), 0.0)
        feet.append(foot)
        yield parts.beam((x, y, top), foot, p.leg_width, p.leg_width * taper, sides)
    if p.stretchers:
        share = 0.4  # of the way up
        joints = [
            (1 - share) * np.array(foot) + share * np.array((x, y, top))
            for foot, (x, y) in zip(feet, _corners(p), strict=True)
        ]
        width = max(0.8 * p.leg_width, 0.03)
        for i, j in ((0, 3), (1, 2), (2, 3)):
            yield parts.beam(joints[i], joints[j], width)


def _pedestal(p: ChairParameters) -> Iterator[trimesh.Trimesh]:
    top = p.seat_height - p.seat_thickness / 2
    column = max(1.2 * p.leg_width, 0.05)
    reach = 0.5 * max(p.seat_width, p.seat_depth)
    hub = 0.09
    yield parts.beam((0, 0, 0.0), (0, 0, top), column, sides=parts.ROUND_SIDES)
    if p.base == "disc":
        disc = parts.outline("round", 1.7 * reach, 1.7 * reach)
        yield parts.plate(disc, 0.0, 0.04, 0.015)
        return
    for i in range(p.star_feet):
        angle = 2 * math.pi * (i / p.star_feet) - math.pi / 2
        end = (reach * math.cos(angle), reach * math.sin(angle), 0.035)
        yield parts.beam((0, 0, hub), end, 0.06, 0.04)
        yield parts.beam((*end[:2], 0.0), (*end[:2], 0.06), 0.05, sides=8)


def _sled(p: ChairParameters) -> Iterator[trimesh.Trimesh]:
    top = p.seat_height - p.seat_thickness / 2
    width = max(0.7 * p.leg_width, 0.035)
    floor = width / 2
    left_front, right_front, right_back, left_back = _corners(p)
    for front, back in ((left_front, left_back), (right_front, right_back)):
        bends = [(*front, top), (*front, floor), (*back, floor), (*back, top)]
        yield parts.tube(bends, [width] * 4, sides=8)
    yield parts.beam((*left_back, floor), (*right_back, floor), width)


def _lean(p: ChairParameters, pieces) -> Iterator[trimesh.Trimesh]:
    """Moves pieces of an upright back (front at y = 0, z from 0) to the seat's rear."""
    tilt = trimesh.transformations.rotation_matrix(
        -math.radians(p.back_tilt_degrees), [1, 0, 0]
    )
    rear = p.seat_depth / 2 - p.back_thickness
    tilt[:3, 3] = (0, rear, p.seat_height - p.seat_thickness / 2)
    for piece in pieces:
        yield piece.apply_transform(tilt)


def _back_width(p: ChairParameters) -> float:
    return p.seat_width * {"trapezoid": 0.78, "round": 0.8}.get(p.seat, 1.0)


def _back(p: ChairParameters) -> Iterator[trimesh.Trimesh]:
    if p.back == "none":
        return iter(())
    return _lean(p, _panel(p) if p.back in ("solid", "curved") else _slatted(p))


def _panel(p: ChairParameters) -> Iterator[trimesh.Trimesh]:
    width, thick = _back_width(p), p.back_thickness
    foot = p.back_gap + (p.seat_thickness / 2 if p.back_gap else 0.0)
    height = p.back_height + p.seat_thickness / 2
    if p.back == "curved":
        panel = parts.curved_panel(
            width, height - foot, thick, p.back_sag, p.back_round
        )
        yield panel.apply_translation((0, 0, foot))
    else:
        yield parts.box((-width / 2, 0, foot), (width / 2, thick, height))
    if foot:
        for x in (-width / 4, width / 4):
            post = 0.045
            yield parts.box((x - post / 2, 0, 0), (x + post / 2, thick, foot + 0.05))


def _slatted(p: ChairParameters) -> Iterator[trimesh.Trimesh]:
    width, thick, post = _back_width(p), p.back_thickness, 0.045
    height = p.back_height + p.seat_thickness / 2
    inner = width / 2 - post
    for x in (-width / 2, inner):
        yield parts.box((x, 0, 0), (x + post, thick, height))
    rail = 0.06
    bottom = p.seat_thickness / 2 + max(p.back_gap, 0.03)
    if p.back == "ladder":  # vertical slats under a broad top rail, no lower rail
        rail, bottom = 0.3 * p.back_height, 0.0
    if p.back in ("vertical_slats", "ladder"):
        yield parts.box((-inner, 0, height - rail), (inner, thick, height))
        if bottom:
            yield parts.box((-inner, 0, bottom), (inner, thick, bottom + rail))
        centres = np.linspace(-inner, inner, p.slats + 2)[1:-1]
        slat = min(0.06, 0.4 * (centres[0] + inner))
        for x in centres:
            low = (x - slat / 2, 0, bottom)
            yield parts.box(low, (x + slat / 2, thick, height - rail / 2))
        return
    # Closer slats than this would grow together in a grid of 32³.
    slats = min(p.slats, max(2, int((height - bottom) / 0.13)))
    levels = np.linspace(bottom, height, slats + 1)
    slat = 0.42 * (levels[1] - levels[0])
    for top in levels[1:]:
        yield parts.box((-inner, 0, top - slat), (inner, thick, top))


def _arms(p: ChairParameters) -> Iterator[trimesh.Trimesh]:
    if p.arms == "none":
        return
    top = p.seat_height + p.arm_height
    lean = math.tan(math.radians(p.back_tilt_degrees)) * p.arm_height
    rear = p.seat_depth / 2 - p.back_thickness / 2 + lean
    front = -p.seat_depth / 2 * (0.7 if p.seat == "round" else 0.9)
    for side in (-1, 1):
        inside = side * (_back_width(p) / 2 - 0.01)
        outside = side * (max(_back_width(p), p.seat_width) / 2 + p.arm_width)
        x0, x1 = sorted((inside, outside))
        if p.arms == "solid":
            bottom = p.seat_height - p.seat_thickness
            yield parts.box((x0, front, bottom), (x1, rear, top))
            continue
        yield parts.box((x0, front, top - 0.04), (x1, rear, top))
        # The post stands beside the seat, and a rail under it reaches the seat.
        outer = outside - side * 0.045
        px0, px1 = sorted((outside, outer))
        post_front = front + 0.03
        low = p.seat_height - p.seat_thickness
        yield parts.box((px0, post_front, low), (px1, post_front + 0.05, top))
        rx0, rx1 = sorted((0.5 * inside, outside))
        yield parts.box((rx0, post_front, low), (rx1, post_front + 0.05, low + 0.04))


def _footrest(p: ChairParameters) -> Iterator[trimesh.Trimesh]:
    front = -p.seat_depth / 2
    drop = 0.25 * p.footrest
    thick = 0.5 * p.seat_thickness
    middle = p.seat_height - p.seat_thickness / 2
    half = 0.45 * p.seat_width
    rings = []
    for y, z in ((front + 0.03, middle), (front - p.footrest, middle - drop)):
        rings.append([(side * half, y, z + lift * thick / 2) for side, lift in _AROUND])
    yield parts.sweep(rings)
