"""Backs of chairs, upright: the front at y = 0, from z = 0 up."""

import numpy as np

from ..procedural_chairs.parts import beam, box, curved_panel, outline, plate, tube
from .draw import Draw
from .primitives import Pieces, bent, cushion, frame, placed, slats, turned
from .supports import turning

_PANELS = ("panel", "curved", "padded", "wave", "oval")
PLAIN = (*_PANELS, "rails", "bars")
KINDS = (
    *(*PLAIN, "spindles", "ladder", "splat", "hoop", "frame", "cross", "headrest"),
)


def back(draw: Draw, width: float, height: float, kinds=KINDS) -> Pieces:
    """A back of one of these kinds, as wide and high as told."""
    draw = draw.part("back")
    kind = draw.choice("kind", kinds)
    thick = draw.number("thickness", 0.015, 0.06)
    if kind in (*_PANELS, "headrest"):
        return _panels(draw, kind, width, height, thick)
    if kind == "hoop":
        return _hoop(draw, width, height, thick)
    return _between_posts(draw, kind, width, height, max(thick, 0.02))


def _panels(draw: Draw, kind: str, width: float, height: float, thick: float) -> Pieces:
    gap = draw.number("gap", 0.06, 0.2) if draw.chance("gap_below", 0.5) else 0.0
    gap = min(gap, 0.4 * height)
    if kind == "padded":
        deep = thick + 0.05
        yield cushion((-width / 2, 0, gap), (width / 2, deep, height), 0.05)
    elif kind == "panel":
        yield box((-width / 2, 0, gap), (width / 2, thick, height))
    elif kind == "wave":  # forwards at the loins, backwards above
        bow = draw.number("bow", 0.02, 0.08)
        z = np.linspace(gap, height, 9)
        y = bow * np.sin(np.linspace(-0.5, 1.6, 9) * np.pi)
        half = width / 2 * np.linspace(1, draw.number("narrow", 0.7, 1.1), 9)
        yield bent(np.column_stack([y, z]), -thick, -half, half)
    elif kind == "oval":
        form = draw.choice("form", ("round", "rounded"))
        slab = plate(outline(form, width, height - gap), 0, thick, 0.3 * thick)
        yield from placed([slab], (0, 0, (height + gap) / 2), tilt=90)
    else:
        sag, top = draw.number("sag", 0.0, 0.14), draw.number("round_top", 0, 0.5)
        upper = height if kind == "curved" else 0.72 * height
        panel = curved_panel(width, upper - gap, thick, sag, top)
        yield panel.apply_translation((0, 0, gap))
        if kind == "headrest":
            high = (0.3 * width, thick + 0.02, height)
            yield cushion((-0.3 * width, -0.02, 0.78 * height), high, 0.03)
            yield box((-0.03, 0, gap), (0.03, thick, 0.9 * height))
    if gap:
        spread = draw.number("posts", 0.0, 0.4) * width
        for x in (-spread, spread):
            yield box((x - 0.02, 0, -0.02), (x + 0.02, thick, gap + 0.05))


def _between_posts(
    draw: Draw, kind: str, width: float, height: float, thick: float
) -> Pieces:
    """Two posts, a top rail, and what the kind has between them."""
    post = draw.number("post_width", 0.022, 0.05)
    inner = width / 2 - post
    if draw.chance("turned_posts", 0.25):
        profile = turning(draw, post)
        for x in (-inner - post / 2, inner + post / 2):
            yield turned((x, thick / 2, -0.03), (x, thick / 2, height), profile)
    else:
        for x in (-width / 2, inner):
            yield box((x, 0, -0.03), (x + post, thick, height))
    rail = draw.number("top_rail", 0.03, 0.12)
    crest = draw.number("crest", 0.0, 0.07)  # the top rail's rise in the middle
    s = np.linspace(-1, 1, 9)
    path = np.column_stack([s * width / 2, np.zeros(9)])
    rise = crest * (1 - s**2)
    yield bent(path, thick, height - rail + rise, height + rise, axis=2)
    low = draw.number("low_rail", 0.0, 0.3) * height
    if kind in ("rails", "ladder"):
        count = draw.whole("rails", 1, 4)
        share = draw.number("rail_share", 0.3, 0.65)
        bow = 0.0 if kind == "rails" else draw.number("rail_bow", 0.02, 0.06)
        yield from _rails(inner, (low, height - rail), count, share, thick, bow)
        return
    bar = max(0.7 * thick, 0.02)
    if low > 0.05 * height:
        yield box((-inner, 0, low), (inner, bar, low + 0.04))
    else:
        low = -0.02
    yield from _filling(draw, kind, inner, (low, height - rail / 2), bar)


def _rails(inner: float, ends, count: int, share: float, thick: float, bow: float):
    low, high = ends
    size = share * (high - low) / count
    y = bow * np.sin(np.linspace(0, np.pi, 7))
    path = np.column_stack([np.linspace(-inner, inner, 7), y])
    gap = (high - low - count * size) / count
    for i in range(count):
        z = low + i * (size + gap)
        yield bent(path, 0.7 * thick, z, z + size, axis=2)


def _filling(draw: Draw, kind: str, inner: float, ends, bar: float) -> Pieces:
    low, high = ends
    if kind == "bars":
        count = draw.whole("bars", 2, 6)
        share = draw.number("bar_share", 0.25, 0.6)
        x = inner * (1 - 0.5 / count)
        yield from slats((-x, 0, low), (x, bar, high), count, share, 0)
    elif kind == "spindles":
        count = draw.whole("spindles", 3, 7)
        width = draw.number("spindle_width", 0.012, 0.025)
        for x in np.linspace(-inner, inner, count + 2)[1:-1]:
            profile = [(0, width), (0.4, 1.6 * width), (1, width)]
            yield turned((x, bar / 2, low), (x, bar / 2, high), profile)
    elif kind == "splat":
        wide = inner * draw.number("splat_width", 0.25, 0.6)
        waist = draw.number("splat_waist", 0.4, 1.0)
        z = np.linspace(low, high, 9)
        half = wide * (1 - (1 - waist) * np.sin(np.linspace(0, 2 * np.pi, 9)) ** 2)
        yield bent(np.column_stack([np.zeros(9), z]), -bar, -half, half)
    elif kind == "cross":
        yield beam((-inner, bar / 2, low), (inner, bar / 2, high), bar)
        yield beam((-inner, bar / 2, high), (inner, bar / 2, low), bar)
    elif kind == "frame":
        x = 0.75 * inner
        step = 0.12 * (high - low)
        yield from frame((-x, 0, low + step), (x, bar, high - step), 0.03)
        yield box((-inner, 0, low + step), (-x, bar, low + step + 0.03))
        yield box((x, 0, low + step), (inner, bar, low + step + 0.03))


def _hoop(draw: Draw, width: float, height: float, thick: float) -> Pieces:
    """A bow over spindles, as of a Windsor chair."""
    count = draw.whole("spindles", 4, 8)
    flare = draw.number("hoop_flare", 0.8, 1.1)
    power = draw.number("hoop_squareness", 0.4, 1.0)
    bar = max(thick, 0.022)
    angle = np.linspace(np.pi, 0, 17)
    x = width / 2 * flare * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    z = height * np.sin(angle) ** power
    points = np.column_stack([x, np.full(17, bar / 2), z - 0.02])
    yield tube(points, [bar] * 17, sides=8)
    for share in np.linspace(-0.8, 0.8, count):
        high = height * (1 - np.abs(share) ** (2 / power)) ** (power / 2)
        top = share * width / 2 * flare
        yield beam((0.85 * top, bar / 2, -0.03), (top, bar / 2, high), 0.018, sides=6)
