"""What the refiner learns in a training step, as `updates` has it of the others."""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Key
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

Frame = tuple[Float[Array, " b"], Float[Array, "b 3"]]  # scales and middles of grids
_OFF = 0.01  # of scales and of sides of grids: what weighs as much as a cell or so


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

    Minimises the reconstruction loss of R's own logits, and how far it places the grid
    off. G and E learn nothing by it.
    """
    config, networks, optimizers = method
    camera_key, scale_key, mixing_key = jax.random.split(key, 3)
    frame = estimate(voxels[..., 0] > 0.5, jnp)
    # A key more leaves the first ones as they are.
    blind = _draw_blind(config, len(voxels), jax.random.fold_in(key, 3))
    seen = _hide(_move_cameras(config, seen, camera_key), blind)
    evidence = _read(config, frame, seen, scale_key)
    logits = _decode(method, state, latents, blind, mixing_key)

    def loss_function(params):
        refined, updated = networks.refiner.apply(
            state.refiner.replace(params=params).variables,
            evidence,
            logits,
            train=True,
            mutable=["batch_stats"],
        )
        loss = losses.reconstruction_loss(refined, targets, config.loss.reconstruction)
        misplaced, scale_error = _misplaced(method, params, seen, logits, frame)
        metrics = {"loss/refiner": loss, "loss/refiner_frame": misplaced}
        metrics["refiner/scale_error"] = scale_error
        metrics |= reconstruction_metrics("refiner", refined, voxels)
        return loss + misplaced, (updated["batch_stats"], metrics)

    gradients, (statistics, metrics) = jax.grad(loss_function, has_aux=True)(
        state.refiner.params
    )
    gradients = mean_over_shares(gradients)
    new = apply_gradients(
        state.refiner, gradients, statistics, optimizers.refiner, state.step
    )
    norm = optax.tree.norm(gradients)
    return new, metrics | {"gradient_norm/refiner": norm}


def _draw_blind(
    config: ConfigDict, count: int, key: Key[Array, ""]
) -> Bool[Array, " b"] | None:
    """The shapes of which R sees no view: of these it learns to clean what G makes."""
    share = config.augmentation.blind
    if not share:
        return None
    return own_rows(lambda rows: jax.random.uniform(key, (rows,)), count) < share


def _hide(seen: Seen, blind: Bool[Array, " b"] | None) -> Seen:
    if blind is None:
        return seen
    count = seen.views.shape[1]
    chosen = jnp.ones((1, count), bool) if seen.chosen is None else seen.chosen
    return seen._replace(chosen=chosen & ~blind[:, None])


def _misplaced(
    method: Method, params: Any, seen: Seen, logits: Voxels, frame: Frame
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The loss of where R places grids, and by what share of the scale it is off."""
    scales, middles = method.networks.refiner.apply(
        *({"params": params}, seen.views, seen.cameras, logits, seen.chosen),
        method="place",
    )
    off = jnp.log(scales / frame[0])
    beside = [off[:, None], middles - frame[1]]
    loss = optax.huber_loss(jnp.concatenate(beside, 1) / _OFF).mean()
    return loss, jnp.abs(off).mean()


def _move_cameras(config: ConfigDict, seen: Seen, key: Key[Array, ""]) -> Seen:
    """As if cameras were estimated, of some shapes better than of others."""
    batch, count = seen.views.shape[:2]
    turned = config.augmentation.camera_jitter * _draw(key, (batch, count, 2))
    return seen._replace(cameras=seen.cameras.at[..., :2].add(turned))


def _read(
    config: ConfigDict, frame: Frame, seen: Seen, key: Key[Array, ""]
) -> Evidence:
    """What the chosen views show, of scales as if they were estimated."""
    scales, middles = frame
    off = config.augmentation.scale_jitter * _draw(key, (len(scales), 1))[:, 0]
    return read_views(
        *(seen.views, seen.cameras, scales * (1 + off), middles),
        *(config.model.resolution, seen.chosen),
    )


def _draw(key: Key[Array, ""], shape: tuple[int, ...]) -> Float[Array, "*n"]:
    """Normal numbers, of each row with a standard deviation of its own, from 0 to 1.

    On every device those of its rows.
    """
    count, *rest = shape
    keys = jax.random.split(key)

    def draw(rows: int) -> Float[Array, "*n"]:
        deviations = jax.random.uniform(keys[0], (rows, *(1,) * len(rest)))
        return deviations * jax.random.normal(keys[1], (rows, *rest))

    return own_rows(draw, count)


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
    method: Method,
    state: TrainState,
    latents: Latents,
    blind: Bool[Array, " b"] | None,
    key: Key[Array, ""],
) -> Voxels:
    """G's logits, about as good as of shapes that E and G have not seen.

    What they make of their training shapes is better than of others, and R would come
    to rely on it. So latents go a random part of the way to another shape's, but for
    shapes of which nothing else tells.
    """
    config, networks, _ = method
    most = config.augmentation.latent_mix
    if most:
        share = own_rows(lambda rows: jax.random.uniform(key, (rows, 1)), len(latents))
        if blind is not None:
            share = jnp.where(blind[:, None], 0.0, share)
        latents = latents + most * share * (next_rows(latents) - latents)
    variables = {"params": state.generator.params, "batch_stats": state.decoder_stats}
    logits = networks.generator.apply(variables, latents, train=False)
    return jax.lax.stop_gradient(logits)
