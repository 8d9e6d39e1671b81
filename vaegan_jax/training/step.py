"""One training step: discriminator, encoder, generator, in the order of the paper.

The refiner, where there is one, learns last, from what these make of the views.

Their updates are pure functions (updates.py), traced into one XLA program. The
encoder's hands its posterior samples on to the generator's, so both see the same
reconstruction and XLA computes it once.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh
from jaxtyping import Array, Key
from ml_collections import ConfigDict

from vaegan_jax.distributed.partition import mean_over_shares, own_rows
from vaegan_jax.distributed.sharding import share_step
from vaegan_jax.models.networks import Networks
from vaegan_jax.models.prior import build_prior
from vaegan_jax.training.augmentation import augment
from vaegan_jax.training.optimizers import Optimizers
from vaegan_jax.training.refinement import encode, update_refiner
from vaegan_jax.training.seen import Seen, see
from vaegan_jax.training.state import NetState, TrainState, current_variables
from vaegan_jax.training.updates import (
    Latents,
    Method,
    Metrics,
    Voxels,
    adversarial_gradients,
    apply_gradients,
    reconstruction_gradients,
    update_discriminator,
    update_encoder,
)

Batch = dict[str, Array]


def make_train_step(
    config: ConfigDict,
    networks: Networks,
    optimizers: Optimizers,
    mesh: Mesh | None = None,
) -> Callable[[TrainState, Batch], tuple[TrainState, Metrics]]:
    """The jit-compiled step; it donates the state that it is given.

    Args:
      config: a completed configuration.
      networks: modules, the encoder None for a plain GAN, the refiner for many.
      optimizers: one per network.
      mesh: the devices that share every batch equally; None is the first alone.

    Returns:
      A function of the state and a batch with `voxels` (b, x, y, z), 0 or 1, and
      unless it is a plain GAN `views` (b, v, h, w, c), uint8; perhaps `targets`, 255
      times what is to be reconstructed in place of the voxels; and `cameras` (b, v, 4)
      of the views, which an E needs that is to tell them, and R. It returns the next
      state and scalar metrics.
    """
    method = Method(config, networks, optimizers)
    return share_step(functools.partial(train_step, method), mesh)


def train_step(
    method: Method, state: TrainState, batch: Batch
) -> tuple[TrainState, Metrics]:
    """The next state and its metrics, see `make_train_step`; not compiled."""
    config, networks, _ = method
    # More keys leave the first ones as they are.
    keys = jax.random.split(jax.random.fold_in(state.rng, state.step), 6)
    batch = augment(keys[4], batch, config.augmentation)
    voxels = targets = batch["voxels"].astype(jnp.float32)[..., None]
    if "targets" in batch:
        targets = batch["targets"].astype(jnp.float32)[..., None] / 255
    seen = None if networks.encoder is None else see(config, batch, keys[2])
    if config.train.only_refiner:
        new, latents, metrics = state, encode(method, state, seen, keys[2]), {}
    else:
        new, latents, metrics = _update_all(method, state, voxels, targets, seen, keys)
    if networks.refiner is not None:
        refiner, refined = update_refiner(
            *(method, state, voxels, targets, seen, latents, keys[5])
        )
        new, metrics = new.replace(refiner=refiner), metrics | refined
    new = new.replace(step=state.step + 1, averages=None)
    return _average(config, state, new), mean_over_shares(metrics)


def _update_all(
    method: Method,
    state: TrainState,
    voxels: Voxels,
    targets: Voxels,
    seen: Seen | None,
    keys: Key[Array, " n"],
) -> tuple[TrainState, Latents | None, Metrics]:
    """D, E and G learn.

    Returns the state with these new, posterior samples of the views, metrics.
    """
    config, networks, optimizers = method
    discriminator, gradients, statistics, metrics = _round(method, state, voxels, keys)
    encoder = decoder_stats = latents = None
    if networks.encoder is not None:
        encoder, latents, encoder_metrics = update_encoder(
            method, state, targets, seen, keys[2]
        )
        also, decoder_stats, reconstruction = reconstruction_gradients(
            method, state, voxels, targets, latents
        )
        gradients = optax.tree.add(gradients, also)
        metrics |= encoder_metrics | reconstruction
    gradients = mean_over_shares(gradients)
    generator = apply_gradients(
        state.generator, gradients, statistics, optimizers.generator, state.step
    )
    # Of the turns of D and G alone: in the steps between it is another loss.
    metrics["loss/generator"] = metrics["adversarial/share"] * sum(
        config.loss[f"{part}_weight"] * metrics[f"loss/{part}"]
        for part in ("adversarial", "reconstruction")
        if f"loss/{part}" in metrics
    )
    metrics["gradient_norm/generator"] = optax.tree.norm(gradients)
    metrics["learning_rate/discriminator"] = optimizers.discriminator.learning_rate(
        state.step
    )
    new = state.replace(
        generator=generator,
        discriminator=discriminator,
        encoder=encoder,
        decoder_stats=decoder_stats,
    )
    return new, latents, metrics


def _round(
    method: Method, state: TrainState, voxels: Voxels, keys: Key[Array, " n"]
) -> tuple[NetState, Any, Any, Metrics]:
    """D learns, and then G how to deceive it; unless it is not their turn.

    Returns D, the gradients of G, its new running statistics, metrics.
    """
    prior, size = build_prior(method.config), method.config.model.latent_size

    def draw(key):
        return own_rows(lambda rows: prior.sample(key, rows, size), len(voxels))

    def compete():
        discriminator, metrics = update_discriminator(
            method, state, voxels, draw(keys[0]), keys[1]
        )
        gradients, statistics, deceiving = adversarial_gradients(
            method, state, discriminator, draw(keys[3])
        )
        metrics |= deceiving | {"adversarial/share": jnp.ones(())}
        return discriminator, gradients, statistics, metrics

    def wait():
        _, gradients, _, metrics = jax.eval_shape(compete)
        gradients, metrics = optax.tree.zeros_like((gradients, metrics))
        return state.discriminator, gradients, state.generator.batch_stats, metrics

    every = method.config.loss.adversarial_every
    if every == 1:
        return compete()
    return jax.lax.cond(state.step % every == 0, compete, wait)


def _average(config: ConfigDict, old: TrainState, new: TrainState) -> TrainState:
    if old.averages is None:
        return new
    # A short memory at first, so that the average leaves the initial values soon.
    age = old.step.astype(jnp.float32)
    decay = jnp.minimum(config.train.average_decay, (1 + age) / (10 + age))
    averages = jax.tree.map(
        lambda average, value: decay * average + (1 - decay) * value,
        old.averages,
        current_variables(new),
    )
    return new.replace(averages=averages)
