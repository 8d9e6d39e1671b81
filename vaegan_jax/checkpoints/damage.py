"""What goes wrong with the files of checkpoints: damage, and failure to write."""

import itertools
import os
import pathlib
import re
from collections.abc import Callable, Iterable
from typing import Any

import jax
from jax.experimental import multihost_utils

from vaegan_jax.checkpoints.checksums import find_damage, write_checksums
from vaegan_jax.errors import UserError
from vaegan_jax.runtime.paths import check_encoding

# The shapes of arrays, by their place in a state.
Shapes = dict[str, tuple[int, ...]]

_PARTIAL = ".orbax-checkpoint-tmp*"  # orbax's ending of what is not complete yet
_SCORE = "metrics/metrics"
# When a checkpoint was saved, which is not read: orbax adds this after the checksums.
_NOTES = ("_CHECKPOINT_METADATA", "commit_success.txt")


def check_place(directory: pathlib.Path) -> None:
    """Raises a `UserError` unless arrays can be saved in a directory of this path.

    TensorStore, by which Orbax writes, takes a backslash for a slash, and saves
    elsewhere without a word.
    """
    path = str(directory.resolve())
    if "\\" in path:
        raise UserError(
            f"no checkpoints can be in {path}, for the path holds a backslash; rename "
            "that folder, or choose another --workdir"
        )
    check_encoding(path)


def unfinished(directory: pathlib.Path, step: int) -> pathlib.Path:
    """Where a checkpoint is that is being written, and has not its final name yet."""
    return next(directory.glob(f"{step}{_PARTIAL}"))


def seal(checkpoint: pathlib.Path) -> None:
    """Adds checksums to a checkpoint that is complete."""
    write_checksums(checkpoint, _NOTES)


def changed_files(checkpoint: pathlib.Path) -> str | None:
    """What the checksums of a checkpoint say against it, or None if it has none."""
    return find_damage(checkpoint, ignored=_NOTES)


def shapes_of(state: Any) -> Shapes:
    """The shapes of arrays as Orbax saves them: random keys as the words they are."""
    found = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            leaf = jax.eval_shape(jax.random.key_data, leaf)
        name = jax.tree_util.keystr(path, simple=True, separator=".")
        found[name] = tuple(leaf.shape)
    return found


def find_damaged(
    directory: pathlib.Path, damage_of: Callable[[pathlib.Path], str | None]
) -> dict[int, str]:
    """What is wrong with checkpoints that are later than the latest good one, or whose
    score is damaged; the others are checked when they are restored.

    Args:
      directory: of the checkpoints.
      damage_of: what is wrong with one, or None.

    Raises:
      UserError: none is good.
    """
    steps = [int(p.name) for p in directory.glob("*") if p.name.isdecimal()]
    damaged, found_good = {}, False
    for step in sorted(steps, reverse=True):
        checkpoint = directory / str(step)
        if found_good:
            damage = find_damage(checkpoint, only=(_SCORE,))
        else:
            damage = damage_of(checkpoint)
            found_good = not damage
        if damage:
            damaged[step] = damage
    if damaged and not found_good:
        raise UserError(
            f"every checkpoint in {directory} is damaged (the latest: "
            f"{damaged[max(damaged)]}); restore one from a backup, or train again in "
            "another --workdir"
        )
    return damaged


def set_aside(directory: pathlib.Path, steps: Iterable[int]) -> None:
    """Renames checkpoints to `STEP.damaged`, so that these steps can be saved again.

    All processes of a run call it, when they have looked for damage.
    """
    multihost_utils.sync_global_devices("damaged checkpoints are known")
    for step in steps if jax.process_index() == 0 else ():
        names = (f"{step}.damaged{i or ''}" for i in itertools.count())
        free = next(name for name in names if not (directory / name).exists())
        os.replace(directory / str(step), directory / free)
    multihost_utils.sync_global_devices("damaged checkpoints are set aside")


def failure(directory: pathlib.Path, step: int | None, error: Exception) -> str:
    """A sentence on why a step could not be saved."""
    what = "cannot be used" if step is None else f"could not take step {step}"
    return (
        f"{directory} {what}: {_reason(error)}; complete checkpoints there are kept: "
        "mend that, and the same command goes on from the latest"
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    # Other layers put the operating system's words into brackets of their own.
    text = str(error)
    for known in (os.strerror(number) for number in range(1, 134)):
        if known in text:
            return known
    return re.sub(r"\s+", " ", text)[:200] or type(error).__name__
