"""The families, and the shape of a number."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Float

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.lighting import FACE_TONES, Lighting, random_lighting

from . import assemblies, beds, chairs, lamps, seating, sofas, storage, tables
from .draw import Draw
from .primitives import Pieces

# How often each is drawn, and what builds it.
FAMILIES: dict[str, tuple[float, Callable[[Draw], Pieces]]] = {
    "chair": (6, chairs.chair),
    "stool": (1, seating.stool),
    "bench": (1, seating.bench),
    "sofa": (1.5, sofas.sofa),
    "table": (2, tables.table),
    "desk": (1, tables.desk),
    "shelf": (1, storage.shelf),
    "bed": (1, beds.bed),
    "cupboard": (1, storage.cupboard),
    "lamp": (1, lamps.lamp),
    "assembly": (2, assemblies.assembly),
}


@dataclasses.dataclass(frozen=True)
class Piece:
    """A shape.

    Attributes:
      family: one of `FAMILIES`.
      parameters: the random choices that make it, by name; lengths in metres.
      mesh: closed pieces that overlap where they join, with `FACE_TONES`; z up from 0,
        the front towards −y.
      lighting: in which its pictures are taken.
    """

    family: str
    parameters: dict[str, Any]
    mesh: trimesh.Trimesh
    lighting: Lighting


def choose(only: Sequence[str] = (), without: Sequence[str] = ()) -> tuple[str, ...]:
    """Some families, in the order of `FAMILIES`, in which shapes are drawn of them.

    Args:
      only: which ones; none takes all.
      without: those of them that are left out.

    Raises:
      UserError: one is not among those that there are, or none is left.
    """
    check_known(only, FAMILIES)
    taken = [family for family in FAMILIES if family in (only or FAMILIES)]
    check_known(without, taken)
    left = tuple(family for family in taken if family not in without)
    if not left:
        raise UserError("all families are left out; leave out fewer")
    return left


def check_known(chosen: Iterable[str], known: Iterable[str]) -> None:
    """Raises UserError, which lists the known families, if one is not among them."""
    for family in chosen:
        if family not in known:
            raise UserError(
                f"no family here is called {family!r}; give some of {', '.join(known)}"
            )


def family_of(index: int, seed: int, families: Sequence[str]) -> str:
    """The family of a number, one of these, by their shares."""
    weights = np.array([FAMILIES[family][0] for family in families])
    rng = np.random.default_rng([seed, index])
    return str(rng.choice(list(families), p=weights / weights.sum()))


def build(
    index: int,
    seed: int = 0,
    families: Sequence[str] = tuple(FAMILIES),
    attempt: int = 0,
) -> Piece:
    """The shape of a number, the same on every machine and call.

    Args:
      index: the number.
      seed: another one gives another shape.
      families: of which it may be.
      attempt: another one gives another shape of the same family; it is recorded among
        the parameters, unless it is 0.
    """
    family = family_of(index, seed, families)
    again = [attempt] if attempt else []
    draw = Draw(np.random.default_rng([seed, index, 1, *again]))
    if attempt:
        draw.parameters["attempt"] = attempt
    stretch = [draw.number(f"stretch_{axis}", 0.88, 1.14) for axis in "xyz"]
    parts = list(FAMILIES[family][1](draw))
    mesh = trimesh.util.concatenate(parts)
    mesh.apply_scale(stretch)
    mesh.apply_translation((0, 0, -mesh.bounds[0, 2]))
    looks = np.random.default_rng([seed, index, 3])
    mesh.face_attributes[FACE_TONES] = _tones(parts, looks)
    return Piece(family, draw.parameters, mesh, random_lighting(looks))


def _tones(
    parts: Sequence[trimesh.Trimesh], rng: np.random.Generator
) -> Float[np.ndarray, " t"]:
    """How light each triangle is: parts are of one to three materials."""
    materials = rng.uniform(0.4, 1.0, rng.integers(1, 4))
    tones = rng.choice(materials, len(parts))
    return np.repeat(tones, [len(part.faces) for part in parts])
