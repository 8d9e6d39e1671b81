"""An untrained model in a work directory, and pictures, for tests of using models."""

import dataclasses
import pathlib

import jax
import numpy as np
from PIL import Image

from tests.helpers import Setup, tiny_config
from vaegan_jax.checkpoints.checkpoint import Checkpoints
from vaegan_jax.checkpoints.config_file import save_config
from vaegan_jax.inference.model import Model


def make_workdir(path: pathlib.Path, algorithm: str, **overrides) -> pathlib.Path:
    """A work directory with a checkpoint of step 0."""
    setup = Setup(tiny_config(algorithm, **overrides))
    path.mkdir(parents=True, exist_ok=True)
    save_config(path, setup.config)
    checkpoints = Checkpoints(path)
    checkpoints.save(setup.create())
    checkpoints.close()
    return path


def make_model(algorithm: str, **overrides) -> Model:
    """The model of such a work directory, without one."""
    setup = Setup(tiny_config(algorithm, **overrides))
    state = setup.create()
    return Model(setup.config, setup.networks, state.sampling_variables(), 0)


def make_lively(model: Model) -> Model:
    """With kernels that hand on what they are given: what goes in can be seen."""
    enlarged = jax.tree.map(lambda x: 2.5 * x if x.ndim > 1 else x, model.variables)
    return dataclasses.replace(model, variables=enlarged)


def make_picture(path: pathlib.Path, seed: int = 0) -> pathlib.Path:
    """A colour picture of a noisy box on blue, not square."""
    rng = np.random.default_rng(seed)
    image = np.full((90, 120, 3), (40, 80, 160), np.uint8)
    image[20:75, 30 : 60 + 5 * seed] = rng.integers(180, 255, (55, 30 + 5 * seed, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return path
