"""Training shapes that are held out for choosing.

Whatever is chosen (a threshold, a checkpoint, when to stop) looks better on the shapes
it was chosen on, so these are neither trained on nor reported. They are drawn from the
training split alone: validation and test stay as they are.
"""

import re
from collections.abc import Callable
from typing import Any

from vaegan_jax.data.examples import Examples
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.copies import grouped, mirror_digest

HELD_OUT, VALIDATION = "held_out", "validation"  # what `config.data.choose_on` may be

_DEFORMED = re.compile(r"(?P<name>.+)_deformed_\d+")
_PROCEDURAL = "procedural_"
# Data sets of this source hold rotations, `chair_000000182_1` to `_12`, of each object.
_ROTATED = "volumetric_grids"
_ROTATION = re.compile(r"(?P<object>.+_\d+)_\d+")


def deformed_name(name: str, copy: int) -> str:
    """What a deformed copy of a shape is called."""
    return f"{name}_deformed_{copy}"


def procedural_name(index: int) -> str:
    """What a parametric chair is called that is added to other shapes."""
    return f"{_PROCEDURAL}{index:05d}"


def is_original(name: str) -> bool:
    """Whether it is no name of a deformed copy or an added chair."""
    return not (name.startswith(_PROCEDURAL) or _DEFORMED.fullmatch(name))


def object_name(name: str, facts: dict[str, Any]) -> str:
    """The object that a shape is one of several rotations of, or the shape.

    Args:
      name: of the shape.
      facts: how its data set was made.
    """
    rotation = _ROTATION.fullmatch(name) if facts.get("source") == _ROTATED else None
    return rotation["object"] if rotation else name


def originals(examples: Examples) -> Examples:
    """The shapes that others were not made from, each once, sorted by name.

    Neither repetitions, nor deformed copies of shapes that are there, nor parametric
    chairs beside others.
    """
    places: dict[tuple[str, str], int] = {}
    for place, key in enumerate(_keys(examples)):
        places.setdefault(key, place)
    roots = _roots(list(places))
    chosen = [key for key, root in zip(places, roots, strict=True) if key == root]
    others = [key for key in chosen if not key[1].startswith(_PROCEDURAL)]
    return examples.take([places[key] for key in sorted(others or chosen)])


def hold_out(train: Examples, facts: dict[str, Any]) -> tuple[Examples, Examples]:
    """Divides a training split into what is learnt from and what is held out.

    Identical shapes and mirror images are one group, with their deformed copies, and so
    are the rotations of an object. Every tenth group of `originals` (index 0, 10, 20, …
    by their first names) is held out. A file with deformed copies and the one it was
    made from hold out the same shapes.

    Args:
      train: the whole split.
      facts: how its data set was made.

    Returns:
      The rest, in its order, and the originals that are held out.

    Raises:
      UserError: all shapes are one group.
    """
    candidates = originals(train)
    keys = _keys(candidates)
    known = dict(zip(keys, map(mirror_digest, candidates.voxels), strict=True))
    groups = grouped(
        keys, lambda key: ((key[0], object_name(key[1], facts)), known[key])
    )
    if len(groups) < 2:
        raise UserError(
            f"the training split holds {len(groups)} different shape, so none can be "
            "held out; add shapes, or train with config.data.choose_on=validation"
        )
    chosen = {key for group in groups[::10] for key in group}
    digests = {known[key] for key in chosen}
    # Copies are told by name; what is alike by chance must not be learnt either.
    roots = _roots(_keys(train))
    others = [place for place, root in enumerate(roots) if root not in chosen]
    learnt = [n for n in others if mirror_digest(train.voxels[n]) not in digests]
    held_out = [n for n, key in enumerate(keys) if key in chosen]
    return train.take(learnt), candidates.take(held_out)


def divide(
    train: Examples,
    choose_on: str,
    read_validation: Callable[[], Examples],
    facts: dict[str, Any],
) -> tuple[Examples, Examples]:
    """What a training split is learnt from, and what its results are chosen on.

    Args:
      train: the whole split.
      choose_on: as `config.data.choose_on`.
      read_validation: only called if that is what they are chosen on.
      facts: how the data set was made.
    """
    if choose_on == HELD_OUT:
        return hold_out(train, facts)
    return train, read_validation()


def _keys(examples: Examples) -> list[tuple[str, str]]:
    """Category, "" if it is not known, and name."""
    categories = examples.categories or [""] * len(examples)
    return list(zip(categories, examples.names, strict=True))


def _roots(keys: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of each shape the one that it is a deformed copy of, or itself."""
    there, roots = set(keys), []
    for category, name in keys:
        found = _DEFORMED.fullmatch(name)
        root = (category, found["name"]) if found else None
        roots.append(root if root in there else (category, name))
    return roots
