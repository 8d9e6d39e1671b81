"""What must be the same when a run goes on, and what may change."""

import hashlib
import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from flax.traverse_util import flatten_dict
from ml_collections import ConfigDict

from vaegan_jax.checkpoints import weights
from vaegan_jax.checkpoints.config_file import load_config
from vaegan_jax.checkpoints.damage import check_place
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.held_out import HELD_OUT
from vaegan_jax.data.provenance import read_provenance
from vaegan_jax.errors import UserError
from vaegan_jax.runtime.stored import parts

DATA = "data.json"  # in the work directory

# What a run must keep: its networks and state, and the meaning of its step count.
_FIXED = (
    *("algorithm", "model.", "prior.", "seed"),
    *("data.num_views", "data.choose_on", "train.batch_size"),
    "train.average_decay",
)

_BEGINNING = "train.initial_model"


def has_begun(workdir: pathlib.Path) -> bool:
    """Whether a run has left a checkpoint to go on from.

    What an interrupted save leaves has a longer name than its step.
    """
    folder = workdir / "checkpoints"
    return folder.is_dir() and any(x.name.isdecimal() for x in folder.iterdir())


def changed_fields(
    workdir: pathlib.Path, config: ConfigDict, anew: bool = False
) -> list[str]:
    """What differs from the configuration of the run in `workdir` so far.

    Nothing if it begins `anew`, whatever has been noted before.

    Raises:
      UserError: one of the differences makes it another model, or gives its steps
        another meaning, so that it cannot go on; or there is no run, but a model; or
        nothing can be saved in a directory of this path.
    """
    check_place(workdir)
    if weights.are_in(workdir):
        raise UserError(
            f"{workdir} holds exported weights, from which training cannot go on; "
            "choose another --workdir"
        )
    saved = load_config(workdir)
    if saved is None or anew:
        return []
    before = flatten_dict(saved.to_dict(), sep=".")
    now = flatten_dict(json.loads(config.to_json_best_effort()), sep=".")
    changed = []
    for field in sorted(before.keys() | now.keys()):
        old, new = before.get(field), now.get(field)
        if old == new:
            continue
        if field.startswith(_FIXED):
            if field == "data.choose_on":  # runs of before have no such field
                raise UserError(
                    f"{workdir} holds a run that chooses on {old}, not {new}: give "
                    f"--config.{field}={old} to go on, or choose another --workdir"
                )
            raise UserError(
                f"{workdir} holds a run with config.{field} = {old!r}, not {new!r}, "
                "which cannot change on the way; choose another --workdir (and "
                "config.train.initial_model to begin with what it has learnt)"
            )
        ignored = " (ignored, as the run has begun)" if field == _BEGINNING else ""
        is_now = f"= {new!r}" if field in now else "is no longer there"
        changed.append(f"config.{field} {is_now}, was {old!r}{ignored}")
    return changed


def check_data(
    workdir: pathlib.Path,
    config: ConfigDict,
    training: Examples,
    choosing: Examples,
    origin: dict[str, Any] | None = None,
    anew: bool = False,
) -> None:
    """Notes in `data.json` what a run learns from; later, compares with that.

    If it begins `anew`, what has been noted before does not count.

    With the data the model is noted that the run began with, if it was one (`origin`).
    The data set may have moved, or been packed: what counts is what is read from it.

    Raises:
      UserError: the run in `workdir` learnt from other shapes, views or so, or
        its best checkpoint is chosen on others.
    """
    data = config.data
    held_out = data.choose_on == HELD_OUT
    split = data.train_split if held_out else data.validation_split
    kinds = ("training", data.choose_on)
    telling = config.model.azimuths > 0 and not config.model.azimuth_heads
    telling |= config.model.refiner != "none"
    now = {
        "training": content(data.train_split, training, telling),
        data.choose_on: content(split, choosing),
        "provenance": read_provenance(config.data.dir),
    }
    if origin is not None:
        now["initial_model"] = origin
    path = workdir / DATA
    if anew or not path.exists():
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(now, indent=2) + "\n", "utf-8")
        os.replace(partial, path)
        return
    try:
        before = json.loads(path.read_text("utf-8"))
        same = all(before[k]["sha256"] == now[k]["sha256"] for k in kinds)
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is damaged; restore it, or delete it if the data are the same"
        ) from error
    if not same:
        difference = _difference(before, now, kinds)
        raise UserError(
            f"{workdir} holds a run on other data than {data.dir}: {difference}; train "
            "on the same data, or choose another --workdir"
        )


def content(
    split: str, examples: Examples, with_cameras: bool = False
) -> dict[str, Any]:
    """What `data.json` notes of a split: its name, how many shapes, their SHA-256.

    With that of the cameras, for an E that learns to tell them, or R.
    """
    digest = hashlib.sha256(json.dumps(examples.names).encode())
    more = (examples.targets, examples.cameras if with_cameras else None)
    arrays = examples.voxels, examples.views, *more
    for array in (array for array in arrays if array is not None):
        digest.update(repr(array.shape).encode())
        for part in parts(array):
            digest.update(np.ascontiguousarray(part).data)
    return {"split": split, "shapes": len(examples), "sha256": digest.hexdigest()}


def _difference(
    before: dict[str, Any], now: dict[str, Any], kinds: Sequence[str]
) -> str:
    """The most telling difference between two descriptions of data."""
    old, new = (flatten_dict(data["provenance"], sep=".") for data in (before, now))
    fields = [f for f in sorted(old.keys() | new.keys()) if old.get(f) != new.get(f)]
    told = [f for f in fields if not f.startswith(("versions", "report", "listing"))]
    for kind in kinds:
        for field in ("split", "shapes"):
            was, is_now = before[kind].get(field), now[kind][field]
            if was != is_now:
                return f"{kind} {field} {was}, now {is_now}"
    for field in told:
        return f"{field} {old.get(field)}, now {new.get(field)}"
    others = [k for k in kinds if before[k]["sha256"] != now[k]["sha256"]]
    return f"as many {' and '.join(others)} shapes, but other ones"
