"""What is measured, and what stands beside it: a model and its data."""

import dataclasses
import os
import pathlib
from typing import Any

import numpy as np

from vaegan_jax.checkpoints import weights
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.held_out import HELD_OUT, divide, hold_out, originals
from vaegan_jax.data.provenance import read_provenance
from vaegan_jax.errors import UserError
from vaegan_jax.evaluate.copies import Voxels, equal_to_some
from vaegan_jax.inference.loading import load, load_state
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.model_folders import model_folder


@dataclasses.dataclass(frozen=True)
class Options:
    """What is measured, and on what.

    Attributes:
      data_dir: data set; None is that of training.
      training_data: data set whose training shapes stand beside the model's, and of
        which the threshold is chosen on some; None is that of training.
      split: of the data set. Of a training split that the model learnt from, the
        originals that were not held out: that tells fit, not how good a model is.
      checkpoint: see `Checkpoints.restore`.
      labels: of the representation's classes: a CSV file, or "category" for those of
        the data set; None leaves the representation out.
      draws: subsets of views of each shape.
      sets: of samples.
    """

    data_dir: str | None = None
    training_data: str | None = None
    split: str = "validation"
    checkpoint: str = "latest"
    labels: str | None = None
    draws: int = 3
    sets: int = 5


def load_subject(workdir: str | pathlib.Path, options: Options) -> tuple[Model, Any]:
    """The model, and the state of the discriminator: None with exported weights.

    Where they are is told as `model_folder` takes it.
    """
    folder = model_folder(workdir)
    if weights.are_in(folder):
        if options.labels:
            raise UserError(
                f"{workdir} holds exported weights, without a discriminator, whose "
                "features --labels measures; name the work directory of the training"
            )
        return load(folder, options.checkpoint), None
    config, networks, state = load_state(folder, options.checkpoint)
    model = Model(config, networks, state.sampling_variables(), int(state.step))
    return model, state.discriminator


@dataclasses.dataclass(frozen=True)
class Splits:
    """What a model is measured on and beside.

    Attributes:
      data_dir, training_dir: where they are from.
      seen_dir: where the training split is from that measured shapes are looked up in:
        that of the run if it is there, or else `training_dir`.
      seen: the grids of that split.
      learnt: training shapes of `training_dir`, without those to choose on.
      choosing: what the threshold is chosen on; None for a plain GAN, which has none.
      examples: what is measured.
      trained_on: whether all examples are in the training split that they were looked
        up in, which the model learnt from as far as is known.
    """

    data_dir: str
    training_dir: str
    seen_dir: str
    seen: Voxels
    learnt: Examples
    choosing: Examples | None
    examples: Examples
    trained_on: bool = False


def read_splits(model: Model, workdir: str | pathlib.Path, options: Options) -> Splits:
    """Opens all that a model is measured on and beside.

    Raises:
      UserError: it is not known which data set, or one does not fit the model.
    """
    data = model.config.data
    # Exported weights do not tell what they learnt from: what is compared with them
    # is then of the data set that is named.
    known_dir = options.training_data or data.dir or options.data_dir
    data_dir = options.data_dir or data.dir
    if not data_dir:
        raise UserError(f"{workdir} does not name its data set; give --data_dir")
    examples = open_for(model, data_dir, options.split)
    train = _open_training(model, known_dir, options)
    seen_dir, seen = known_dir, train
    if data.dir and data.dir != known_dir and os.path.exists(data.dir):
        seen_dir, resolution = data.dir, model.config.model.resolution
        seen = open_split(seen_dir, data.train_split, resolution, None)
    encodes = model.networks.encoder is not None
    read = lambda: open_for(model, known_dir, data.validation_split)  # noqa: E731
    learnt, choosing = train, None
    if encodes:
        facts = read_provenance(known_dir)
        learnt, choosing = divide(train, data.choose_on, read, facts)
    examples, trained_on = _as_measured(model, options.split, examples, seen, seen_dir)
    beside = (seen_dir, seen.voxels, learnt, choosing)
    return Splits(data_dir, known_dir, *beside, examples, trained_on)


def _open_training(model: Model, known_dir: str, options: Options) -> Examples:
    try:
        return open_for(model, known_dir, model.config.data.train_split)
    except UserError as error:
        if options.training_data or model.config.data.dir:
            raise
        raise UserError(
            f"{error}; --training_data=DIR names a data set with shapes to measure "
            "beside, and to choose the threshold on"
        ) from error


def _as_measured(
    model: Model, split: str, examples: Examples, seen: Examples, seen_dir: str
) -> tuple[Examples, bool]:
    """The examples, and whether all of them are in the training split `seen`.

    Of a split that it learnt from, what was held out of `seen` is left out, and so are
    deformed copies and what was added, of which there may be ten times as many.
    """
    data = model.config.data
    if split != data.train_split or model.networks.encoder is None:
        return examples, False
    learnt = originals(examples)
    if data.choose_on == HELD_OUT:
        _, held_out = hold_out(seen, read_provenance(seen_dir))
        others = ~equal_to_some(learnt.voxels, held_out.voxels)
        learnt = learnt.take(np.flatnonzero(others))
    trained_on = bool(len(learnt) and equal_to_some(learnt.voxels, seen.voxels).all())
    return (learnt, True) if trained_on else (examples, False)


def open_for(model: Model, data_dir: str, split: str) -> Examples:
    """A split as a model takes it, with views if it has an encoder."""
    takes = model.config.model
    size = takes.image_size if model.networks.encoder is not None else None
    return open_split(
        data_dir, split, takes.resolution, size, channels=takes.image_channels
    )
