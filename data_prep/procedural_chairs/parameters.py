"""The numbers that describe a chair, and how they are drawn.

Lengths are in metres.
"""

import dataclasses

import numpy as np

KINDS = ("chair", "stool", "bench", "recliner")
BASES = ("straight", "tapered", "splayed", "star", "disc", "sled")
BACKS = ("none", "solid", "curved", "vertical_slats", "horizontal_slats", "ladder")
ARMS = ("none", "open", "solid")
SEATS = ("square", "trapezoid", "rounded", "round")


@dataclasses.dataclass(frozen=True)
class ChairParameters:
    """What makes a chair; lengths in metres.

    Attributes:
      kind, base, back, arms, seat: one of KINDS, BASES, BACKS, ARMS, SEATS.
      seat_width, seat_depth, seat_thickness: of the seat's slab.
      seat_height: of its upper side above the floor.
      seat_rounding: how far the seat's upper rim is drawn in.
      leg_width: of legs, columns and runners at their upper end.
      leg_taper: width at the floor as a share of that.
      leg_splay: how far the feet stand out beyond the seat's corners.
      stretchers: whether bars join the legs.
      star_feet: feet of a star base.
      back_height: above the seat.
      back_tilt_degrees: how far the back leans backwards.
      back_thickness: of panels and slats.
      back_gap: clear space between the seat and the back's panel or lowest slat.
      back_sag: how far the sides of a curved back come forward.
      back_round: by what share of its height a curved back's corners drop.
      slats: number of slats in the back.
      arm_height: above the seat.
      arm_width: of an armrest.
      footrest: how far a recliner's footrest reaches forward, 0 for none.
    """

    kind: str
    base: str
    back: str
    arms: str
    seat: str
    seat_width: float
    seat_depth: float
    seat_thickness: float
    seat_height: float
    seat_rounding: float
    leg_width: float
    leg_taper: float
    leg_splay: float
    stretchers: bool
    star_feet: int
    back_height: float
    back_tilt_degrees: float
    back_thickness: float
    back_gap: float
    back_sag: float
    back_round: float
    slats: int
    arm_height: float
    arm_width: float
    footrest: float


def sample_parameters(index: int, seed: int = 0) -> ChairParameters:
    """The parameters of chair number `index`, the same on every machine and call."""
    rng = np.random.default_rng([seed, index])
    kind = str(rng.choice(KINDS, p=[0.7, 0.1, 0.08, 0.12]))
    choices = _sample_form(rng, kind)
    lengths = _sample_lengths(rng)
    if kind == "stool":
        lengths["seat_width"] = lengths["seat_depth"] = rng.uniform(0.32, 0.44)
        lengths["seat_height"] = rng.uniform(0.42, 0.8)
    elif kind == "bench":
        lengths["seat_width"] = rng.uniform(0.85, 1.25)
        lengths["back_height"] = rng.uniform(0.32, 0.5)
    elif kind == "recliner":
        lengths["seat_thickness"] = rng.uniform(0.1, 0.2)
        lengths["seat_width"] = rng.uniform(0.5, 0.62)
        lengths["seat_height"] = rng.uniform(0.36, 0.46)
        lengths["back_tilt_degrees"] = rng.uniform(24, 42)
        lengths["back_thickness"] = rng.uniform(0.08, 0.14)
        lengths["back_height"] = rng.uniform(0.55, 0.75)
        lengths["back_gap"] = 0.0
        lengths["footrest"] = rng.choice([0.0, rng.uniform(0.25, 0.45)])
    lengths = {name: round(float(value), 4) for name, value in lengths.items()}
    return ChairParameters(kind=kind, **choices, **lengths)


def _sample_form(rng: np.random.Generator, kind: str) -> dict:
    """The choices and counts of a chair of this kind."""
    bases = {"bench": ("straight", "tapered", "splayed", "sled")}.get(kind, BASES)
    backs = {
        "stool": ("none",),
        "bench": ("none", "solid", "vertical_slats", "horizontal_slats", "ladder"),
        "recliner": ("solid", "curved"),
    }.get(kind, BACKS[1:])
    seats = {"bench": ("square",), "recliner": ("square", "rounded")}.get(kind, SEATS)
    arms = {"stool": [1.0, 0, 0], "recliner": [0.15, 0.35, 0.5]}.get(
        kind, [0.55, 0.33, 0.12]
    )
    back = str(rng.choice(backs))
    return {
        "base": str(rng.choice(bases)),
        "back": back,
        "seat": str(rng.choice(seats)),
        "arms": "none" if back == "none" else str(rng.choice(ARMS, p=arms)),
        "stretchers": bool(rng.random() < 0.35),
        "star_feet": int(rng.integers(4, 7)),
        "slats": int(rng.integers(2, 5)) + (3 if kind == "bench" else 0),
    }


def _sample_lengths(rng: np.random.Generator) -> dict:
    """The lengths of an ordinary chair."""
    return {
        "seat_width": rng.uniform(0.4, 0.58),
        "seat_depth": rng.uniform(0.4, 0.54),
        "seat_thickness": rng.uniform(0.035, 0.12),
        "seat_height": rng.uniform(0.38, 0.54),
        "seat_rounding": rng.choice([0.0, 0.02]),
        "leg_width": rng.uniform(0.035, 0.075),
        "leg_taper": rng.uniform(0.5, 0.8),
        "leg_splay": rng.uniform(0.03, 0.1),
        "back_height": rng.uniform(0.3, 0.65),
        "back_tilt_degrees": rng.uniform(0, 18),
        "back_thickness": rng.uniform(0.03, 0.06),
        "back_gap": rng.choice([0.0, rng.uniform(0.06, 0.16)]),
        "back_sag": rng.uniform(0.04, 0.14),
        "back_round": rng.choice([0.0, rng.uniform(0.15, 0.5)]),
        "arm_height": rng.uniform(0.17, 0.26),
        "arm_width": rng.uniform(0.04, 0.08),
        "footrest": 0.0,
    }
