"""Configurations, random batches and compiled steps to measure."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from vaegan_jax.config.reference import complete, reference_config
from vaegan_jax.models.networks import build_networks
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.training.optimizers import build_optimizers
from vaegan_jax.training.state import TrainState, create_state
from vaegan_jax.training.step import make_train_step

_VIEWS = {"gan": 0, "vae_gan": 1, "mv_vae_gan": 12}


def build_config(algorithm: str, batch_size: int, **fields: Any) -> ConfigDict:
    """The reference networks, with a D that learns from every batch.

    Args:
      algorithm: "gan", "vae_gan" or "mv_vae_gan".
      batch_size: shapes in a batch.
      fields: of `config.model`, and `num_views` and `only_refiner`.
    """
    config = reference_config(algorithm)
    config.data.num_views = fields.pop("num_views", _VIEWS[algorithm])
    config.train.only_refiner = fields.pop("only_refiner", False)
    config.train.batch_size = batch_size
    config.loss.discriminator_threshold = 1.0
    config.model.update(fields)
    return complete(config)


def refiner_of(algorithm: str, refiner: str) -> str:
    """`config.model.refiner` where it is possible: a plain GAN sees no views."""
    return refiner if _VIEWS[algorithm] else "none"


def batch_shapes(config: ConfigDict) -> dict[str, jax.ShapeDtypeStruct]:
    """Shapes and types of what a training step of a configuration is given."""
    size, views = config.train.batch_size, config.data.num_views
    side, channels = config.model.image_size, config.model.image_channels
    shapes = {"voxels": (size, *(config.model.resolution,) * 3)}
    if views:
        shapes["views"] = (size, views, side, side, channels)
    batch = {k: jax.ShapeDtypeStruct(s, jnp.uint8) for k, s in shapes.items()}
    if config.model.refiner != "none":
        batch["cameras"] = jax.ShapeDtypeStruct((size, views, 4), jnp.float32)
    return batch


def random_batch(config: ConfigDict, seed: int = 0) -> dict[str, np.ndarray]:
    """Random bits and pixels, from a ring: what they show costs nothing."""
    rng, shapes = np.random.default_rng(seed), batch_shapes(config)
    filled = rng.random(shapes["voxels"].shape) < 0.1
    batch = {"voxels": filled.astype(np.uint8)}
    if "views" in shapes:
        batch["views"] = rng.integers(0, 256, shapes["views"].shape, np.uint8)
    if "cameras" in shapes:
        ring = np.float32(numbers_of(Camera(config.data.num_views).views()))
        batch["cameras"] = np.tile(ring, (config.train.batch_size, 1, 1))
    return batch


class CompiledStep(NamedTuple):
    """A training step and what compiling it cost.

    Attributes:
      step: takes one step on a batch that stays on the device.
      compile_seconds: tracing and compiling.
      temporary_bytes: memory that it takes beside its inputs and outputs.
    """

    step: Callable[[], Any]
    compile_seconds: float
    temporary_bytes: int


def initial_state(config: ConfigDict) -> TrainState:
    """The state before the first step."""
    return create_state(config, build_networks(config), build_optimizers(config, 1.0))


def compile_step(config: ConfigDict) -> CompiledStep:
    """Compiles the training step of a configuration."""
    networks, optimizers = build_networks(config), build_optimizers(config, 1.0)
    state = create_state(config, networks, optimizers)
    batch = jax.tree.map(jax.device_put, random_batch(config))
    start = time.perf_counter()
    train_step = make_train_step(config, networks, optimizers)
    compiled = train_step.lower(state, batch).compile()
    seconds = time.perf_counter() - start
    memory = compiled.memory_analysis()
    kept = {"state": state}

    def step():
        kept["state"], metrics = compiled(kept["state"], batch)
        return metrics

    return CompiledStep(step, seconds, memory.temp_size_in_bytes if memory else 0)
