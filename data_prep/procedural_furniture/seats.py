"""Seats and arms, of chairs as of benches."""

import dataclasses

import numpy as np

from ..procedural_chairs.parts import box, outline, plate, tube
from .draw import Draw
from .primitives import Pieces, bent, cushion, slats
from .supports import Corners, corners

_INSETS = {"round": 0.3, "rounded": 0.1}  # of legs, as shares of the half width


@dataclasses.dataclass(frozen=True)
class Seat:
    """The slab that is sat on; lengths in metres.

    Attributes:
      form: as of `parts.outline`.
      width, depth, thickness: of the slab.
      top: of its upper side above the floor.
    """

    form: str
    width: float
    depth: float
    thickness: float
    top: float

    @property
    def middle(self) -> float:
        """Height of the slab's middle, up to which legs reach."""
        return self.top - self.thickness / 2

    def places(self, leg_width: float) -> Corners:
        """Where legs stand that end under the slab."""
        inset = _INSETS.get(self.form, 0.0) * min(self.width, self.depth) / 2
        found = corners(self.width, self.depth, inset + leg_width / 2)
        if self.form == "trapezoid":
            found = [(x * 0.78 if y > 0 else x, y) for x, y in found]
        return found

    @property
    def back_width(self) -> float:
        """Of a back that ends with the slab."""
        shares = {"trapezoid": 0.78, "round": 0.7, "rounded": 0.85}
        return self.width * shares.get(self.form, 0.98)

    @property
    def rear(self) -> float:
        """How far back the slab reaches where such a back ends."""
        return self.depth / 2 * {"round": 0.7, "rounded": 0.88}.get(self.form, 1.0)


def draw_seat(
    draw: Draw,
    width: tuple[float, float] = (0.4, 0.62),
    depth: tuple[float, float] = (0.36, 0.54),
    top: tuple[float, float] = (0.4, 0.52),
    forms: tuple[str, ...] = ("square", "trapezoid", "rounded", "round"),
    thickness: tuple[float, float] = (0.02, 0.09),
) -> Seat:
    """A seat within these limits."""
    return Seat(
        draw.choice("seat", forms),
        draw.number("seat_width", *width),
        draw.number("seat_depth", *depth),
        draw.number("seat_thickness", *thickness),
        draw.number("seat_height", *top),
    )


def seat_pieces(draw: Draw, seat: Seat) -> Pieces:
    """The slab: a board, padded, of slats or with a frame below."""
    kinds = ("board", "rounded", "padded", "framed", "slats")
    kind = draw.choice("seat_kind", kinds, (3, 3, 3, 2, 1))
    bottom = seat.top - seat.thickness
    shape = outline(seat.form, seat.width, seat.depth)
    x, y = seat.width / 2, seat.depth / 2
    if kind == "slats" and seat.form == "square":
        count = max(3, round(seat.depth / 0.09))
        yield from slats((-x, -y, bottom), (x, y, seat.top), count, 0.7, 1)
        for side in (-0.8 * x, 0.8 * x):
            low = (side - 0.02, -y, bottom - 0.02)
            yield box(low, (side + 0.02, y, seat.middle))
        return
    rounding = 0.0 if kind == "board" else 0.45 * seat.thickness
    yield plate(shape, bottom, seat.top, rounding)
    if kind == "padded":
        thick = draw.number("pad_thickness", 0.02, 0.1)
        pad = outline(seat.form, 0.94 * seat.width, 0.94 * seat.depth)
        yield plate(pad, seat.middle, seat.top + thick, 0.4 * thick)
    elif kind == "framed":
        apron = draw.number("apron", 0.03, 0.09)
        yield plate(0.88 * shape, bottom - apron, seat.middle)


def arms(draw: Draw, seat: Seat, tilt: float, kinds: tuple[str, ...]) -> Pieces:
    """Rests on both sides, or on one; they reach from the back forwards.

    Args:
      seat: that they belong to.
      tilt: of the back, in degrees.
      kinds: of which one is drawn: post, loop, panel, padded, curved, t.
    """
    kind = draw.choice("arm", kinds)
    height = draw.number("arm_height", 0.15, 0.28)
    thick = draw.number("arm_width", 0.03, 0.08)
    reach = draw.number("arm_reach", 0.6, 1.0)
    sides = (-1, 1)
    if draw.chance("one_arm", 0.06):
        sides = (1,) if draw.chance("right_arm", 0.5) else (-1,)
    top = seat.top + height
    rear = seat.rear + height * np.tan(np.deg2rad(tilt))
    front = seat.depth / 2 - reach * seat.depth
    for side in sides:
        yield from _arm(kind, seat, side, (front, rear, top), thick)


def _arm(
    kind: str, seat: Seat, side: int, ends: tuple[float, float, float], thick: float
) -> Pieces:
    """One arm; `ends` are its front and rear y and its height."""
    front, rear, top = ends
    bottom = seat.top - seat.thickness
    outer = side * (seat.width / 2 + thick / 2)
    x0, x1 = sorted((outer - thick / 2, outer + thick / 2))
    inner = side * seat.back_width / 2
    if kind == "panel":
        yield box((min(x0, inner), front, bottom), (max(x1, inner), rear, top))
        return
    if kind == "padded":
        yield cushion((x0 - 0.03, front, bottom), (x1 + 0.03, rear, top), 0.05)
        return
    if kind == "loop":  # one bent tube from the back to the seat's side
        points = [(inner, rear, top - 0.03), (outer, rear - 0.1, top)]
        points += [(outer, front + 0.06, top), (outer, front, top - 0.06)]
        points += [
            (outer, front + 0.02, seat.middle),
            (0.6 * outer, front + 0.02, seat.middle),
        ]
        yield tube(points, [thick * 0.8] * 6, sides=8)
        return
    if kind == "curved":
        s = np.linspace(0, 1, 7)
        y = rear + s * (front - rear)
        x = inner + (outer - inner) * np.sin(s * np.pi / 2)
        z = top - 0.05 * np.sin(s * np.pi)
        yield tube(np.column_stack([x, y, z]), [thick] * 7, sides=8)
    else:
        yield box(
            (min(x0, inner), rear - 0.08, top - 0.03), (max(x1, inner), rear, top)
        )
        yield box((x0, front, top - 0.03), (x1, rear, top))
    post = front + (0.06 if kind in ("post", "curved") else 0.4 * (rear - front))
    bar = 0.6 * thick + 0.012
    points = [(outer, post, top - 0.015), (outer, post, seat.middle)]
    yield tube([*points, (0.6 * outer, post, seat.middle)], [bar] * 3, sides=4)


def wing(seat: Seat, side: int, low: float, high: float, depth: float) -> Pieces:
    """The side of a wing chair, beside its upright back; from low to high."""
    x = side * seat.width / 2
    heights = np.linspace(low, high, 6)
    share = np.linspace(0, 1, 6)
    reach = depth * np.sin(np.pi * (0.25 + 0.7 * share))
    back = seat.depth / 2
    path = np.column_stack([heights, np.full(6, x)])
    yield bent(path, 0.05 * side, back - reach, np.full(6, back + 0.02), axis=1)
