"""A packed data set with soft targets: what trained models say of its shapes.

The mean of several models is better than each, and less sure of what it cannot know. A
model that learns to say the same comes near to them together (Hinton et al. 2015,
"Distilling the knowledge in a neural network", https://arxiv.org/abs/1503.02531; there
the student's logits are divided in training as the teachers' are, here it is to be no
surer than they are together).
"""

import dataclasses
import math
import os
import pathlib
from collections.abc import Sequence

import numpy as np
import scipy.special
from jaxtyping import Float, UInt8

from vaegan_jax.data import packed_source
from vaegan_jax.data.dataset import existing
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.provenance import read_provenance
from vaegan_jax.errors import UserError
from vaegan_jax.inference.loading import load
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.model_folders import is_folder, model_folder
from vaegan_jax.runtime.paths import absolute
from vaegan_jax.runtime.progress import Progress

_SPLIT = "train"
_AT_ONCE = 128  # shapes, so that little is in memory beside the data
# What is nearer to 0 or 1 counts as this near, so that one of several teachers that is
# sure beyond all measure does not overrule the others.
_SURE = 1e-6
_COOLEST = 0.01


def teach_packed(
    data: str | pathlib.Path,
    output: str | pathlib.Path,
    models: Sequence[str | pathlib.Path],
    temperature: float = 1.5,
) -> None:
    """Writes a packed file whose training shapes have targets; the rest stays.

    A target is what the models make of all views of the shape: the sigmoid of the mean
    of their logits over the temperature.

    Args:
      data: the packed file, with views. Targets that it has are replaced.
      output: the `.npz` to write.
      models: work directories, of which the latest checkpoints are used, or weights, as
        `model_folder` takes them; at least one.
      temperature: above 1 for models that are too sure; from 0.01 up.

    Raises:
      UserError: the file is damaged or has no training split, the output's name or the
        temperature is impossible, or a model is damaged, without an encoder, for other
        grids or views, or none is named.
    """
    packed_source.check_name(output)
    if not _COOLEST <= temperature < math.inf:
        raise UserError(
            f"the temperature is {temperature}; it must be at least {_COOLEST}"
        )
    if not models:
        raise UserError("no model to learn from is named; name at least one")
    models = [
        model_folder(absolute(os.fspath(model)) if is_folder(model) else model)
        for model in models
    ]
    data = existing(data)
    splits, _ = packed_source.contents(data)
    found = {split: packed_source.read_split(data, split) for split in splits}
    if _SPLIT not in found:
        raise UserError(f"{data} has no split {_SPLIT!r}; it has {splits}")
    teachers = {path: _teacher(path, data, found[_SPLIT]) for path in models}
    found[_SPLIT] = _teach(found[_SPLIT], teachers, temperature)
    facts = {
        "models": [str(path) for path in teachers],
        "steps": [teacher.step for teacher in teachers.values()],
        "temperature": temperature,
    }
    packed_source.write(output, found, read_provenance(data) | {"taught": facts})


def _teacher(path: pathlib.Path, data: pathlib.Path, examples: Examples) -> Model:
    model = load(path)
    try:
        model.require_encoder()
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    size, channels = model.config.model.image_size, model.config.model.image_channels
    takes = (model.config.model.resolution, (size, size, channels))
    given = (examples.voxels.shape[-1], examples.views.shape[2:])
    if takes != given:
        raise UserError(
            f"{path} makes grids of {takes[0]}³ from views of {takes[1]}, but {data} "
            f"has {given[0]}³ and {given[1]}; name a model trained on such"
        )
    return model


def _teach(
    examples: Examples, teachers: dict[pathlib.Path, Model], temperature: float
) -> Examples:
    targets = np.empty_like(examples.voxels)
    firsts = range(0, len(examples), _AT_ONCE)
    with Progress("teaching", total=len(firsts) * len(teachers)) as progress:
        for first in firsts:
            rows, said = slice(first, first + _AT_ONCE), []
            for path, teacher in teachers.items():
                with progress.counted(f"by {path.name}"):
                    said.append(_logits(path, teacher, examples.views[rows]))
            told = scipy.special.expit(np.mean(said, axis=0) / temperature)
            targets[rows] = np.rint(255 * told)
    return dataclasses.replace(examples, targets=targets)


def _logits(
    path: pathlib.Path, model: Model, views: UInt8[np.ndarray, "b v h w c"]
) -> Float[np.ndarray, "b x y z"]:
    probabilities = model.decode(model.encode(views))
    if not np.isfinite(probabilities).all():
        raise UserError(f"{path} is damaged: it makes shapes that are no numbers")
    return scipy.special.logit(np.clip(probabilities, _SURE, 1 - _SURE))
