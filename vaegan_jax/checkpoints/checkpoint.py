"""Saved training states."""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import Any

import jax
import orbax.checkpoint as ocp
from etils import epath
from orbax.checkpoint import checkpoint_managers

from vaegan_jax.checkpoints.damage import (
    Shapes,
    changed_files,
    check_place,
    failure,
    find_damaged,
    seal,
    set_aside,
    shapes_of,
    unfinished,
)
from vaegan_jax.distributed.multihost import tells_of_loss
from vaegan_jax.errors import UserError
from vaegan_jax.training.state import TrainState

_SCORE = "score"
_ARRAYS = "default"  # Orbax's name of what is saved without one

# What Orbax raises for arrays that are missing, cut or garbled.
_DAMAGED = (KeyError, OSError, TypeError, ValueError)

_UNREADABLE = "its arrays are incomplete"


class _LiteralPath(type(epath.Path())):
    """A path for Orbax in which `[`, `*` and `?` stand for themselves.

    Orbax finds what the processes have written by `glob`, to which etils gives path and
    pattern in one: below `a[v1]` nothing was found, and no array could be read again.
    """

    def glob(self, pattern: str) -> Iterator["_LiteralPath"]:
        """The paths below this one that match the pattern."""
        return map(type(self), pathlib.Path(self).glob(pattern))


def _score(metrics: dict[str, float]) -> float:
    return metrics[_SCORE]


class Checkpoints:
    """The checkpoints of one work directory.

    The latest, from which training goes on, and the best, which may be older: the one
    saved with the highest score.

    Args:
      workdir: the work directory; checkpoints go to its `checkpoints/`.
      keep: how many of the latest to keep.
      keep_every_steps: those at multiples of it are kept for good; 0 keeps none.
      read_only: restore only; nothing in the work directory changes. Otherwise
        damaged checkpoints are moved aside, to `STEP.damaged`.

    Attributes:
      damaged: what is wrong with checkpoints that are not used, by step.

    Raises:
      UserError: there is nothing to read, every checkpoint is damaged, or the path is
        one that arrays cannot be saved in.
    """

    def __init__(
        self,
        workdir: str | pathlib.Path,
        keep: int = 3,
        keep_every_steps: int = 0,
        read_only: bool = False,
    ):
        best = checkpoint_managers.BestN(
            get_metric_fn=_score, n=1, keep_checkpoints_without_metrics=False
        )
        policies: list[Any] = [checkpoint_managers.LatestN(keep), best]
        if keep_every_steps:
            policies.append(checkpoint_managers.EveryNSteps(keep_every_steps))
        options = ocp.CheckpointManagerOptions(
            preservation_policy=checkpoint_managers.AnyPreservationPolicy(policies),
            best_fn=_score,
            cleanup_tmp_directories=True,
            async_options=ocp.AsyncOptions(
                post_finalization_callback=self._complete,
                # Otherwise it waits ten minutes for one that could not be made.
                create_directories_asynchronously=False,
            ),
        )
        if read_only:
            options = ocp.CheckpointManagerOptions(
                read_only=True,
                create=False,
                best_fn=_score,
                lightweight_initialize=True,  # reads no scores, for one may be damaged
            )
        self._directory = pathlib.Path(workdir).resolve() / "checkpoints"
        check_place(self._directory)
        if read_only and not self._directory.is_dir():
            raise UserError(f"{workdir} holds no checkpoint; train first")
        self.damaged = find_damaged(self._directory, _damage)
        if not read_only:
            set_aside(self._directory, self.damaged)
        self._last: int | None = None  # that a save was begun of
        self._expected: Shapes = {}  # of what is being saved
        with self._writing():
            directory = _LiteralPath(self._directory)
            self._manager = ocp.CheckpointManager(directory, options=options)

    @property
    def steps(self) -> list[int]:
        """The steps at which complete checkpoints exist, oldest first."""
        return sorted(set(self._manager.all_steps()) - set(self.damaged))

    @property
    def best(self) -> tuple[int, float] | None:
        """Step and score of the best checkpoint; None if none has a score."""
        scored = {}
        for step in self.steps:
            metrics = self._manager.metrics(step)
            if metrics:
                scored[step] = _score(metrics)
        if not scored:
            return None
        step = max(scored, key=scored.__getitem__)
        return step, scored[step]

    def save(self, state: TrainState, score: float | None = None) -> None:
        """Starts to save; returns once the arrays are copied, before they are written.

        A step that is saved already is left as it is.

        Args:
          state: to save.
          score: how good it is, higher for better; None if that was not measured.

        Raises:
          UserError: this or the save before failed: it could not be written, or what
            was written could not be opened again.
        """
        step = int(state.step)
        if step in self.steps:
            return
        if not self._directory.is_dir():
            raise UserError(f"{self._directory} has vanished; step {step} is not saved")
        with self._writing():
            self._manager.wait_until_finished()
            self._last, self._expected = step, shapes_of(state)
            self._manager.save(
                step,
                args=ocp.args.StandardSave(state),
                metrics=None if score is None else {_SCORE: score},
                force=True,
            )

    def _complete(self) -> None:
        """Opens what was written, and seals it, before it gets its final name.

        Orbax calls it in the first process, once all have written. As long as it has
        not returned, no older checkpoint is removed.

        Raises:
          UserError: an array cannot be opened again, or is not the one that was saved.
        """
        written = unfinished(self._directory, self._last)
        try:
            found = _saved_shapes(written)
        except _DAMAGED as error:
            raise UserError("what was written cannot be opened again") from error
        if found != self._expected:
            name = min(dict(found.items() ^ self._expected.items()))
            raise UserError(f"what was written holds another {name} than was given")
        seal(written)

    def restore(
        self, abstract: TrainState, step: int | str | None = None
    ) -> TrainState:
        """The state at a step, by default the latest.

        Args:
          abstract: shapes and dtypes of the state, or a state of the same structure.
          step: one of `steps`, as a number or in digits; "latest" or "best".

        Raises:
          UserError: there is no such checkpoint.
          PermissionError: it may not be read.
        """
        if not self.steps:
            raise UserError(
                f"{self._manager.directory} holds no checkpoint; train first"
            )
        step = self._find(step)
        directory = self._directory / str(step)
        damage, cause = changed_files(directory), None
        if not damage:
            try:
                if _saved_shapes(directory) == shapes_of(abstract):
                    arguments = ocp.args.StandardRestore(abstract)
                    return self._manager.restore(step, args=arguments)
            except PermissionError:
                raise
            except _DAMAGED as error:
                damage, cause = _UNREADABLE, error
            else:
                raise UserError(
                    f"{directory} is of another model than its config.json describes, "
                    "or of another version of the program; use those that belong "
                    "together, or train again"
                )
        others = ", ".join(str(other) for other in self.steps if other != step)
        raise UserError(
            f"{directory} is damaged: {damage}; choose another checkpoint: "
            + (others or "there is none, so restore it from a backup or train again")
        ) from cause

    def _find(self, step: int | str | None) -> int:
        if step in (None, "latest"):
            return self.steps[-1]
        if step == "best":
            if self.best is None:
                raise UserError(
                    f"no checkpoint in {self._manager.directory} has a score yet; "
                    "training scores them every config.train.evaluate_every_epochs"
                )
            return self.best[0]
        for saved in self.steps:
            if str(saved) == str(step):
                return saved
        raise UserError(
            f"{self._manager.directory} has no checkpoint {step}; it has "
            + ", ".join(map(str, self.steps))
        )

    def check(self) -> None:
        """Raises a `UserError` if a save has failed meanwhile."""
        with self._writing():
            self._manager.check_for_errors()

    def wait(self) -> None:
        """Returns when everything that was to be saved is on disk; see `check`."""
        with self._writing():
            self._manager.wait_until_finished()

    def close(self) -> None:
        """Waits for pending saves and releases the manager's threads; see `check`."""
        with self._writing():
            self._manager.close()

    @contextlib.contextmanager
    def _writing(self):
        """Whatever goes wrong with writing is a `UserError`."""
        try:
            yield
        except Exception as error:  # what the layers below raise has no bounds
            if tells_of_loss(error):
                raise
            raise UserError(failure(self._directory, self._last, error)) from error


def _damage(checkpoint: pathlib.Path) -> str | None:
    """What is wrong with a checkpoint, or None."""
    damage = changed_files(checkpoint)
    if not damage:
        try:
            _saved_shapes(checkpoint)
        except PermissionError:
            raise
        except _DAMAGED:
            damage = _UNREADABLE
    return damage


def _saved_shapes(checkpoint: pathlib.Path) -> Shapes:
    """The shapes in a checkpoint, for which each array is opened as for restoring it.

    Raises:
      one of _DAMAGED: the list of arrays or one of them is missing or garbled.
    """
    folder = _LiteralPath(checkpoint / _ARRAYS)
    return shapes_of(ocp.PyTreeCheckpointHandler().metadata(folder).tree)


def abstract_state(create: Any, sharding: jax.sharding.Sharding | None = None) -> Any:
    """Shapes, dtypes and placement of what `create()` would make, without making it.

    The placement is by default this process's first device, whatever was saved.
    """
    sharding = sharding or jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding),
        jax.eval_shape(create),
    )
