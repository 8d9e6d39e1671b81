"""Saved training states. The only module that imports orbax."""

import json
import os
import pathlib
from typing import Any

import jax
import orbax.checkpoint as ocp
from ml_collections import ConfigDict
from orbax.checkpoint import checkpoint_managers

from vaegan_jax.errors import UserError
from vaegan_jax.state import TrainState

_CONFIG = "config.json"


class Checkpoints:
    """The checkpoints of one work directory.

    Args:
      workdir: the work directory; checkpoints go to its `checkpoints/`.
      keep: how many of the latest to keep.
      keep_every_steps: those at multiples of it are kept for good; 0 keeps none.
      read_only: restore only; nothing in the work directory changes.
    """

    def __init__(
        self,
        workdir: str | pathlib.Path,
        keep: int = 3,
        keep_every_steps: int = 0,
        read_only: bool = False,
    ):
        policies: list[Any] = [checkpoint_managers.LatestN(keep)]
        if keep_every_steps:
            policies.append(checkpoint_managers.EveryNSteps(keep_every_steps))
        options = ocp.CheckpointManagerOptions(
            preservation_policy=checkpoint_managers.AnyPreservationPolicy(policies)
        )
        if read_only:
            options = ocp.CheckpointManagerOptions(read_only=True, create=False)
        directory = pathlib.Path(workdir).resolve() / "checkpoints"
        if read_only and not directory.is_dir():
            raise UserError(f"{workdir} holds no checkpoint; train first")
        self._manager = ocp.CheckpointManager(directory, options=options)

    @property
    def steps(self) -> list[int]:
        """The steps at which complete checkpoints exist, oldest first."""
        return sorted(self._manager.all_steps())

    def save(self, state: TrainState) -> None:
        """Starts to save; returns once the arrays are copied, before they are written.

        A step that is saved already is left as it is.
        """
        step = int(state.step)
        if step not in self.steps:
            self._manager.save(step, args=ocp.args.StandardSave(state), force=True)

    def restore(self, abstract: TrainState, step: int | None = None) -> TrainState:
        """The state at a step, by default the latest.

        Args:
          abstract: shapes and dtypes of the state, or a state of the same structure.
          step: one of `steps`.

        Raises:
          UserError: there is no such checkpoint.
        """
        if not self.steps:
            raise UserError(
                f"{self._manager.directory} holds no checkpoint; train first"
            )
        if step is not None and step not in self.steps:
            raise UserError(
                f"{self._manager.directory} has no checkpoint {step}; it has "
                + ", ".join(map(str, self.steps))
            )
        return self._manager.restore(
            self.steps[-1] if step is None else step,
            args=ocp.args.StandardRestore(abstract),
        )

    def wait(self) -> None:
        """Returns when everything that was to be saved is on disk."""
        self._manager.wait_until_finished()

    def close(self) -> None:
        """Waits for pending saves and releases the manager's threads."""
        self._manager.close()


def abstract_state(create: Any) -> Any:
    """Shapes, dtypes and placement of what `create()` would make, without making it."""
    device = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    return jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=device),
        jax.eval_shape(create),
    )


def save_config(workdir: str | pathlib.Path, config: ConfigDict) -> None:
    """Writes the configuration to the work directory, as JSON."""
    path = pathlib.Path(workdir) / _CONFIG
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(config.to_dict(), indent=2) + "\n")
    os.replace(partial, path)


def load_config(workdir: str | pathlib.Path) -> ConfigDict | None:
    """The configuration of a work directory; None if it has none.

    Raises:
      UserError: the file is damaged.
    """
    path = pathlib.Path(workdir) / _CONFIG
    if not path.exists():
        return None
    try:
        return ConfigDict(json.loads(path.read_text()))
    except ValueError as error:
        raise UserError(
            f"{path} is not valid JSON ({error}); restore it or start in a new "
            "work directory"
        ) from error
