"""Shelves and cupboards."""

import itertools

import numpy as np

from ..procedural_chairs.parts import beam, box
from . import supports
from .draw import Draw
from .primitives import Pieces, arc, bent, frame


def shelf(draw: Draw) -> Pieces:
    """Boards between sides or posts; stepped, leaning or divided ones, too."""
    kind = draw.choice(
        "kind", ("case", "posts", "steps", "ladder", "grid", "tree"), (4, 2, 1, 1, 2, 1)
    )
    width, depth = draw.number("width", 0.5, 1.6), draw.number("depth", 0.22, 0.45)
    height, board = draw.number("height", 0.7, 2.1), draw.number("board", 0.018, 0.05)
    count = draw.whole("boards", 2, 6)
    if kind == "grid":
        yield from _grid(draw, (width, depth, height), board)
    elif kind == "steps":
        yield from _steps(draw, (width, depth, height), board, count)
    elif kind == "tree":
        yield from _tree(draw, (width, depth, height), board, count)
    else:
        yield from _boards(draw, kind, (width, depth, height), board, count)


def _boards(draw: Draw, kind: str, size, board: float, count: int) -> Pieces:
    width, depth, height = size
    x, y = width / 2, depth / 2
    lean = draw.number("lean", 0.15, 0.4) if kind == "ladder" else 0.0
    low = draw.number("lowest", 0.0, 0.25)
    for z in np.linspace(low, height - board, count):
        front = -y - lean * (1 - z / height)
        yield box((-x, front, z), (x, y, z + board))
    for side in (-1, 1):
        x0, x1 = sorted((side * x, side * (x - board)))
        if kind == "case":
            yield box((x0, -y, 0), (x1, y, height))
            continue
        bar = 1.2 * board
        yield beam((side * x, -y - lean, 0), (side * x, -y, height), bar)
        yield beam((side * x, y, 0), (side * x, y, height), bar)
    if draw.chance("back_panel", 0.4):
        yield box((-x, y - 0.012, low), (x, y, height))
    elif draw.chance("braced", 0.3):
        yield beam((-x, y, low), (x, y, height), board)
        yield beam((-x, y, height), (x, y, low), board)


def _grid(draw: Draw, size, board: float) -> Pieces:
    """Compartments, with some walls left out."""
    width, depth, height = size
    columns, rows = draw.whole("columns", 2, 4), draw.whole("rows", 2, 4)
    xs = np.linspace(-width / 2, width / 2 - board, columns + 1)
    zs = np.linspace(0, height - board, rows + 1)
    for z in zs:
        yield box((xs[0], -depth / 2, z), (xs[-1] + board, depth / 2, z + board))
    for j in range(rows):
        for i in range(columns + 1):
            outer = i in (0, columns)
            if outer or draw.chance(f"wall_{j}_{i}", 0.7):
                low = (xs[i], -depth / 2, zs[j])
                yield box(low, (xs[i] + board, depth / 2, zs[j + 1] + board))
    for j in range(rows):
        for i in range(columns):
            if draw.chance(f"door_{j}_{i}", 0.12):
                high = (xs[i + 1] + board, 0.02 - depth / 2, zs[j + 1] + board)
                yield box((xs[i], -depth / 2, zs[j]), high)


def _steps(draw: Draw, size, board: float, count: int) -> Pieces:
    """Columns that rise to one side."""
    width, depth, height = size
    right = 1 if draw.chance("to_the_right", 0.5) else -1
    each = width / count
    for i in range(count):
        top = height * (i + 1) / count
        x0, x1 = sorted(
            (right * (-width / 2 + i * each), right * (-width / 2 + (i + 1) * each))
        )
        levels = np.linspace(0, top - board, i + 2)
        for z in levels:
            yield box((x0, -depth / 2, z), (x1, depth / 2, z + board))
        for x in (x0, x1 - board):
            yield box((x, -depth / 2, 0), (x + board, depth / 2, top))


def _tree(draw: Draw, size, board: float, count: int) -> Pieces:
    """Boards that stand out from a post or panel in turn."""
    width, depth, height = size
    x, y, post = width / 2, depth / 2, draw.number("post", 0.04, 0.3)
    yield box((-post / 2, y - 0.05, 0), (post / 2, y, height))
    yield box((-0.7 * x, -y, 0), (0.7 * x, y, 0.03))
    for i, z in enumerate(np.linspace(0.2 * height, height - board, count)):
        side = -1 if i % 2 else 1
        x0, x1 = sorted((-side * 0.3 * x, side * x))
        yield box((x0, -y, z), (x1, y, z + board))


def drawers(draw: Draw, low, high) -> Pieces:
    """A chest of drawers between two corners; fronts stand out a little."""
    low, high = np.array(low, float), np.array(high, float)
    yield box(low, high)
    count = draw.whole("drawers", 2, 5)
    gap = 0.06 * (high[2] - low[2]) / count
    ends = np.linspace(low[2], high[2], count + 1)
    for z0, z1 in itertools.pairwise(ends):
        front = (low[0] + gap, low[1] - 0.025, z0 + gap)
        yield box(front, (high[0] - gap, low[1] + 0.01, z1 - gap))
        x, z = (low[0] + high[0]) / 2, (z0 + z1) / 2
        wide = 0.15 * (high[0] - low[0])
        yield box(
            (x - wide, low[1] - 0.05, z - 0.01), (x + wide, low[1] - 0.02, z + 0.01)
        )


def cupboard(draw: Draw) -> Pieces:
    """Wardrobes, sideboards, chests, dressers: boxes with doors, drawers and feet."""
    kind = draw.choice("kind", ("wardrobe", "sideboard", "chest", "dresser", "bowed"))
    tall = kind in ("wardrobe", "dresser")
    width = draw.number("width", *((0.8, 1.8) if kind == "sideboard" else (0.5, 1.3)))
    depth = draw.number("depth", 0.35, 0.65)
    height = draw.number("height", *((1.5, 2.2) if tall else (0.6, 1.1)))
    foot = draw.number("foot", 0.0, 0.25)
    foot = foot if foot > 0.05 else 0.0
    x, y = width / 2, depth / 2
    top = height if kind != "dresser" else 0.45 * height
    if kind == "bowed":
        path = arc((0, -0.5 * y), (x, 0.7 * y), 180, 360, 13)
        path = np.concatenate([[(-x, y)], path, [(x, y)]])
        yield bent(path, 0.03, foot, top, axis=2)
        yield box((-x, -0.55 * y, foot), (x, y, top))
    elif kind == "chest":
        yield from drawers(draw, (-x, -y, foot), (x, y, top))
    else:
        yield from _case(draw, (-x, -y, foot), (x, y, top))
    if kind == "dresser":
        yield from _upper(draw, (-x, -0.2 * y, top - 0.01), (x, y, height))
    if draw.chance("cornice", 0.4):
        out = draw.number("cornice_width", 0.02, 0.06)
        yield box((-x - out, -y - out, top - 0.02), (x + out, y, top + 0.04))
    if foot:
        bar = draw.number("leg_width", 0.03, 0.07)
        places = supports.corners(width, depth, bar / 2 + 0.01)
        yield from supports.legs(draw, places, foot + 0.01, bar, 0.0)


def _case(draw: Draw, low, high) -> Pieces:
    """A box with one to four parts: doors, open shelves or drawers."""
    (x0, y0, z0), (x1, y1, z1) = low, high
    board = 0.025
    yield box((x0, y1 - board, z0), (x1, y1, z1))
    for z in (z0, z1 - board):
        yield box((x0, y0, z), (x1, y1, z + board))
    ends = np.linspace(x0, x1 - board, draw.whole("parts", 1, 4) + 1)
    for x in ends:
        yield box((x, y0, z0), (x + board, y1, z1))
    for i, (left, right) in enumerate(itertools.pairwise(ends)):
        part = draw.part(f"part_{i}")
        filling = part.choice("filling", ("door", "open", "drawers"), (3, 1, 1))
        inner = (
            (left + 0.01, y0, z0 + 0.01),
            (right + board - 0.01, y1 - 0.01, z1 - 0.01),
        )
        if filling == "drawers":
            yield from drawers(part, *inner)
        elif filling == "door":
            yield box(
                (left + 0.01, y0 - 0.02, z0 + 0.01),
                (right + 0.015, y0 + 0.01, z1 - 0.01),
            )
            z = z0 + 0.55 * (z1 - z0)
            yield box((right - 0.05, y0 - 0.05, z - 0.06), (right - 0.03, y0, z + 0.06))
        else:
            for z in np.linspace(z0, z1 - board, part.whole("shelves", 1, 3) + 2)[1:-1]:
                yield box((left, y0, z), (right, y1, z + board))


def _upper(draw: Draw, low, high) -> Pieces:
    """The open shelves of a dresser."""
    board = 0.025
    yield from frame(low, high, board)
    yield box((low[0], high[1] - board, low[2]), high)
    for z in np.linspace(low[2], high[2], draw.whole("upper_shelves", 1, 3) + 2)[1:-1]:
        yield box((low[0], low[1], z), (high[0], high[1], z + board))
