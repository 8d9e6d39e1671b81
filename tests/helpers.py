"""What tests share: small configurations, random data, comparisons of trees."""

import functools
import importlib.util
import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vaegan_jax.config.reference import complete, reference_config
from vaegan_jax.data.examples import Examples
from vaegan_jax.inference.model import Model
from vaegan_jax.models.networks import build_networks
from vaegan_jax.training.optimizers import build_optimizers
from vaegan_jax.training.state import create_state
from vaegan_jax.training.step import make_train_step

ALGORITHMS = ("gan", "vae_gan", "mv_vae_gan")
ROOT = pathlib.Path(__file__).parent.parent
RESOLUTION = 8  # of `tiny_config`

# For tests that run PyTorch itself: each in a process that TensorFlow stays out of.
needs_pytorch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="PyTorch is not installed; pip install -e '.[bench]'",
)

# D learns from every batch, so that its gradients can be compared; or from none.
OPEN = {"loss.discriminator_threshold": 1.0, "optimizer.schedule": False}
CLOSED = {"loss.discriminator_threshold": 0.0}


# E tells the azimuths of three views, of which each latent is pooled from some.
AZIMUTHS = {
    "model.azimuths": 3,
    "model.view_encoding": "fold_joint",
    "data.fewest_views": 1,
}


# D judges each shape by itself, and its gradient is penalised.
PENALTY = {
    "model.discriminator_batch_norm": False,
    "loss.r1_weight": 1.0,
}


# R refines what G makes of the views.
REFINER = {"model.refiner": "unet", "model.refiner_widths": (4, 6)}


def tiny_config(algorithm: str, **overrides):
    """A small grid, few channels, small images and a short latent.

    Convolutions are plain, which compiles soonest and is quick enough for such a grid.
    """
    config = reference_config(algorithm)
    config.model.resolution = RESOLUTION
    config.model.image_size = 32
    config.model.latent_size = 6
    config.model.convolution = "plain"
    config.model.encoder_widths = (3, 4, 4, 5, 6)
    config.model.generator_widths = (5, 4)
    config.model.discriminator_widths = (4, 5)
    config.train.batch_size = 4
    if algorithm == "mv_vae_gan":
        config.data.num_views = 3
    config.update_from_flattened_dict(overrides)
    return complete(config)


# The same, of commands.
TINY_FLAGS = (
    *(f"--config.model.resolution={RESOLUTION}", "--config.model.convolution=plain"),
    *("--config.model.image_size=32", "--config.model.encoder_widths=(3,4,4,5,6)"),
    "--config.model.generator_widths=(5,4)",
    "--config.model.discriminator_widths=(4,5)",
    "--config.train.batch_size=4",
)


class Setup:
    """Everything that a training step of a configuration needs."""

    def __init__(self, config):
        self.config = config
        self.networks = build_networks(config)
        self.optimizers = build_optimizers(config, steps_per_epoch=10.0)
        self.train_step = make_train_step(config, self.networks, self.optimizers)

    def create(self):
        return create_state(self.config, self.networks, self.optimizers)


def cached_setup(algorithm: str, overrides=None) -> Setup:
    """A `Setup` shared between tests, so that its step is compiled once."""
    return _setup(algorithm, tuple((overrides or {}).items()))


@functools.cache
def _setup(algorithm, items):
    return Setup(tiny_config(algorithm, **dict(items)))


def make_batch(config, seed=0, num_views=None):
    """Random voxels and views as a training step takes them."""
    rng = np.random.default_rng(seed)
    size, count = config.train.batch_size, config.data.num_views
    batch = {"voxels": (rng.random((size, *(config.model.resolution,) * 3)) < 0.2)}
    batch["voxels"] = batch["voxels"].astype(np.uint8)
    if config.algorithm != "gan":
        side, channels = config.model.image_size, config.model.image_channels
        shape = (size, num_views or count, side, side, channels)
        batch["views"] = rng.integers(0, 256, shape).astype(np.uint8)
    if config.model.refiner != "none":
        angles = rng.uniform(0, 80, (*batch["views"].shape[:2], 2))
        lens = np.broadcast_to([2.6, 24.5], angles.shape)
        batch["cameras"] = np.float32(np.concatenate([angles, lens], -1))
    return jax.tree.map(jnp.asarray, batch)


def untrained(algorithm, **fields):
    """A tiny model before its first step."""
    setup = Setup(tiny_config(algorithm, **fields))
    return Model(setup.config, setup.networks, setup.create().sampling_variables(), 0)


def make_examples(
    count=10, num_views=4, image_size=32, resolution=RESOLUTION, seed=0, channels=1
):
    """A random data set in memory."""
    rng = np.random.default_rng(seed)
    views = (count, num_views, image_size, image_size, channels)
    return Examples(
        [f"shape_{i}" for i in range(count)],
        (rng.random((count, *(resolution,) * 3)) < 0.2).astype(np.uint8),
        rng.integers(0, 256, views, np.uint8),
    )


def write_packed(path, examples, splits=("train",), **metadata):
    """A packed file in which every split holds the same examples."""
    arrays = {"resolution": np.array(examples.voxels.shape[-1])}
    if metadata:
        arrays["metadata"] = np.array(json.dumps(metadata))
    for split in splits:
        arrays[f"{split}/names"] = np.array(examples.names)
        flat = examples.voxels.reshape(len(examples), -1)
        arrays[f"{split}/voxels"] = np.packbits(flat, axis=1)
        arrays[f"{split}/views"] = examples.views
        if examples.categories:
            arrays[f"{split}/categories"] = np.array(examples.categories)
    np.savez(path, **arrays)


def assert_trees_equal(a, b):
    """The same structure and the same bits."""
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        if jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key):
            x, y = jax.random.key_data(x), jax.random.key_data(y)
        np.testing.assert_array_equal(x, y)


def assert_trees_close(a, b, rtol=1e-4, atol=1e-5):
    """The same structure and nearly the same numbers."""
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=rtol, atol=atol), a, b
    )


def progress_lines(text):
    """The lines of a progress on standard error, which is no terminal."""
    assert not {"\r", "\x1b", "\b"} & set(text)
    assert text.endswith("\n") and "\n\n" not in text
    return text.splitlines()


def assert_error(result, *parts):
    """A command failed with one line on standard error that holds these parts."""
    assert result.returncode == 1, result.stderr
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("error: ")
    for part in parts:
        assert part in line
    assert "Traceback" not in result.stderr


def imported_modules(told: str) -> set[str]:
    """What a process imported, of which `PYTHONPROFILEIMPORTTIME` had it tell."""
    lines = [line for line in told.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}
