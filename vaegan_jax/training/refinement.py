"""What the refiner learns in a training step, as `updates` has it of the others."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key
from ml_collections import ConfigDict

from vaegan_jax.distributed.partition import mean_over_shares, next_rows, own_rows
from vaegan_jax.models.evidence import Evidence, read_views
from vaegan_jax.models.multiview import encode_views, pool_views
from vaegan_jax.shapes.frames import estimate
from vaegan_jax.training import losses
from vaegan_jax.training.seen import Seen
from vaegan_jax.training.state import NetState, TrainState
from vaegan_jax.training.updates import (
    Latents,
    Method,
    Metrics,
    Voxels,
    apply_gradients,
    reconstruction_metrics,
)


def update_refiner(
    method: Method,
    state: TrainState,
    voxels: Voxels,
    targets: Voxels,
    seen: Seen,
    latents: Latents,
    key: Key[Array, ""],
) -> tuple[NetState, Metrics]:
    """Teaches R targets, by what the views show and what G makes of their latents.

    Minimises the reconstruction loss of R's own logits. G and E learn nothing by it.
    """
    config, networks, optimizers = method
    reading_key, mixing_key = jax.random.split(key)
    evidence = _read(config, voxels, seen, reading_key)
    logits = _decode(method, state, latents, mixing_key)

    def loss_function(params):
        refined, updated = networks.refiner.apply(
            state.refiner.replace(params=params).variables,
            evidence,
            logits,
            train=True,
            mutable=["batch_stats"],
        )
        loss = losses.reconstruction_loss(refined, targets, config.loss.reconstruction)
        metrics = {"loss/refiner": loss}
        metrics |= reconstruction_metrics("refiner", refined, voxels)
        return loss, (updated["batch_stats"], metrics)

    gradients, (statistics, metrics) = jax.grad(loss_function, has_aux=True)(
        state.refiner.params
    )
    gradients = mean_over_shares(gradients)
    new = apply_gradients(
        state.refiner, gradients, statistics, optimizers.refiner, state.step
    )
    norm = optax.tree.norm(gradients)
    return new, metrics | {"gradient_norm/refiner": norm}


def _read(
    config: ConfigDict, voxels: Voxels, seen: Seen, key: Key[Array, ""]
) -> Evidence:
    """What the chosen views show, as if cameras and scales were estimated."""
    options = config.augmentation
    batch, count = seen.views.shape[:2]
    camera_key, scale_key = jax.random.split(key)
    scales, middles = estimate(voxels[..., 0] > 0.5, jnp)
    turned = _draw(camera_key, (batch, count, 2)) * options.camera_jitter
    cameras = seen.cameras.at[..., :2].add(turned)
    scales = scales * (1 + options.scale_jitter * _draw(scale_key, (batch,)))
    return read_views(
        *(seen.views, cameras, scales, middles, config.model.resolution, seen.chosen)
    )


def _draw(key: Key[Array, ""], shape: tuple[int, ...]) -> Float[Array, "*n"]:
    """Normal numbers, on every device those of its rows."""
    count, *rest = shape
    return own_rows(lambda rows: jax.random.normal(key, (rows, *rest)), count)


def encode(
    method: Method, state: TrainState, seen: Seen, key: Key[Array, ""]
) -> Latents:
    """Pooled posterior samples, where E does not learn."""
    config, networks, _ = method
    posterior, _ = encode_views(
        networks.encoder, state.encoder.variables, seen.views, train=False
    )
    return pool_views(
        posterior.sample(key), posterior.log_variance, config.model.pooling, seen.chosen
    )


def _decode(
    method: Method, state: TrainState, latents: Latents, key: Key[Array, ""]
) -> Voxels:
    """G's logits, about as good as of shapes that E and G have not seen.

    What they make of their training shapes is better than of others, and R would come
    to rely on it. So latents go a random part of the way to another shape's.
    """
    config, networks, _ = method
    most = config.augmentation.latent_mix
    if most:
        share = own_rows(lambda rows: jax.random.uniform(key, (rows, 1)), len(latents))
        latents = latents + most * share * (next_rows(latents) - latents)
    variables = {"params": state.generator.params, "batch_stats": state.decoder_stats}
    logits = networks.generator.apply(variables, latents, train=False)
    return jax.lax.stop_gradient(logits)
