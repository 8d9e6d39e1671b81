"""Training shapes that are held out for choosing.

Whatever is chosen (a threshold, a checkpoint, when to stop) looks better on the shapes
it was chosen on, so these are neither trained on nor reported. They are drawn from the
training split alone: validation and test stay as they are.
"""

import re
from collections.abc import Callable

from vaegan_jax.data.examples import Examples
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.copies import grouped, mirror_digest

HELD_OUT, VALIDATION = "held_out", "validation"  # what `config.data.choose_on` may be

_DEFORMED = re.compile(r"(?P<name>.+)_deformed_\d+")
_PROCEDURAL = "procedural_"


def deformed_name(name: str, copy: int) -> str:
    """What a deformed copy of a shape is called."""
    return f"{name}_deformed_{copy}"


def procedural_name(index: int) -> str:
    """What a parametric chair is called that is added to other shapes."""
    return f"{_PROCEDURAL}{index:05d}"


def originals(examples: Examples) -> Examples:
    """The shapes that others were not made from: no copies, each once, sorted by name.

    Neither repetitions, nor what `deformed_name` and `procedural_name` name, unless
    there is nothing else.
    """
    first: dict[str, int] = {}
    for place, name in enumerate(examples.names):
        first.setdefault(name, place)
    made = [n for n in first if n.startswith(_PROCEDURAL) or _DEFORMED.fullmatch(n)]
    names = sorted(first.keys() - made) or sorted(first)
    return examples.take([first[name] for name in names])


def hold_out(train: Examples) -> tuple[Examples, Examples]:
    """Divides a training split into what is learnt from and what is held out.

    Identical shapes and mirror images are one group, with their deformed copies. Every
    tenth group of `originals` (index 0, 10, 20, … by their first names) is held out.
    A file with deformed copies and the one it was made from hold out the same shapes.

    Returns:
      The rest, in its order, and the originals that are held out.

    Raises:
      UserError: all shapes are one group.
    """
    candidates = originals(train)
    known = {
        name: mirror_digest(grid)
        for name, grid in zip(candidates.names, candidates.voxels, strict=True)
    }
    groups = grouped(candidates.names, lambda name: (("named", name), known[name]))
    if len(groups) < 2:
        raise UserError(
            f"the training split holds {len(groups)} different shape, so none can be "
            "held out; add shapes, or set config.data.choose_on=validation"
        )
    chosen = {name for group in groups[::10] for name in group}
    digests = {known[name] for name in chosen}
    # Copies are compared by name; what is alike by chance must not be learnt either.
    others = [n for n, name in enumerate(train.names) if _root(name) not in chosen]
    learnt = [n for n in others if mirror_digest(train.voxels[n]) not in digests]
    held_out = [n for n, name in enumerate(candidates.names) if name in chosen]
    return train.take(learnt), candidates.take(held_out)


def divide(
    train: Examples, choose_on: str, read_validation: Callable[[], Examples]
) -> tuple[Examples, Examples]:
    """What a training split is learnt from, and what its results are chosen on.

    Args:
      train: the whole split.
      choose_on: as `config.data.choose_on`.
      read_validation: only called if that is what they are chosen on.
    """
    if choose_on == HELD_OUT:
        return hold_out(train)
    return train, read_validation()


def _root(name: str) -> str:
    found = _DEFORMED.fullmatch(name)
    return found["name"] if found else name
