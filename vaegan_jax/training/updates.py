"""What G, D and E learn in a training step, as pure functions.

Each takes the whole state and changes none of it. An update returns one new `NetState`;
what G learns is gradients of this device's share of the batch, still to be averaged by
`partition.mean_over_shares`, because two of them may add up to one update.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key
from ml_collections import ConfigDict

from vaegan_jax.distributed.partition import mean_over_shares, own_rows
from vaegan_jax.metrics.reconstruction import OCCUPIED, intersection_over_union
from vaegan_jax.models.multiview import encode_views, pool_views
from vaegan_jax.models.networks import Networks
from vaegan_jax.models.prior import build_prior
from vaegan_jax.training import losses
from vaegan_jax.training.optimizers import Optimizer, Optimizers
from vaegan_jax.training.seen import Seen
from vaegan_jax.training.state import NetState, TrainState

# D's gradient is penalised in one of so many of its updates, by as many times the
# weight, which saves time ("lazy": Karras et al. 2020, https://arxiv.org/abs/1912.04958).
# Adam's β₂ must remember longer than that.
_PENALTY_EVERY = 4
_FEWEST_KNOWN = 0.01  # share of views of known cameras: fewer count less

Metrics = dict[str, Array]
Voxels = Float[Array, "b x y z 1"]
Latents = Float[Array, "b latent"]


class Method(NamedTuple):
    """How the networks learn: all that stays the same from step to step."""

    config: ConfigDict
    networks: Networks
    optimizers: Optimizers


def apply_train(module, state: NetState, inputs: Array) -> tuple[Array, Any]:
    """Applies with batch statistics; returns the output and the new running ones."""
    output, updated = module.apply(
        state.variables, inputs, train=True, mutable=["batch_stats"]
    )
    return output, updated.get("batch_stats", {})


def apply_gradients(
    state: NetState, gradients: Any, statistics: Any, optimizer: Optimizer, step: Array
) -> NetState:
    """The network after one optimizer step, with its new running statistics."""
    params, opt_state = optimizer.apply(gradients, state.opt_state, state.params, step)
    return NetState(params, statistics, opt_state)


def update_discriminator(
    method: Method,
    state: TrainState,
    voxels: Voxels,
    latents: Latents,
    key: Key[Array, ""],
) -> tuple[NetState, Metrics]:
    """Teaches D real from generated, unless it is too good at it already.

    Minimises -log D(x) - log(1 - D(G(z))) with soft labels, and the R1 penalty if it
    weighs anything, which `loss/discriminator` leaves out. While the gate is closed
    nothing of D changes: parameters, statistics, optimizer.
    """
    config, networks, optimizers = method
    discriminator = state.discriminator
    real_key, fake_key = jax.random.split(key)
    soft = config.loss.soft_labels
    real_bounds = tuple(config.loss.real_labels) if soft else (1.0, 1.0)
    fake_bounds = tuple(config.loss.fake_labels) if soft else (0.0, 0.0)
    count = voxels.shape[0]

    def draw_labels(key, bounds):
        return own_rows(lambda rows: losses.draw_labels(key, rows, bounds), count)

    real_labels = draw_labels(real_key, real_bounds)
    fake_labels = draw_labels(fake_key, fake_bounds)
    fake = jax.nn.sigmoid(apply_train(networks.generator, state.generator, latents)[0])
    fake = jax.lax.stop_gradient(fake)

    def loss_function(params):
        net = discriminator.replace(params=params)
        real_logits, statistics = apply_train(networks.discriminator, net, voxels)
        net = net.replace(batch_stats=statistics)
        fake_logits, statistics = apply_train(networks.discriminator, net, fake)
        loss = losses.adversarial_loss(real_logits, real_labels)
        loss += losses.adversarial_loss(fake_logits, fake_labels)
        accuracies = losses.discriminator_accuracy(real_logits, fake_logits)
        return loss, (statistics, accuracies)

    loss, pullback, (statistics, accuracies) = jax.vjp(
        loss_function, discriminator.params, has_aux=True
    )
    accuracies = mean_over_shares(accuracies)
    is_open = losses.gate(*accuracies, config.loss.discriminator_threshold)

    def learn():
        (gradients,) = pullback(jnp.ones_like(loss))
        if config.loss.r1_weight:
            penalty = _penalty_gradients(method, discriminator, voxels)
            gradients = optax.tree.add(gradients, penalty)
        gradients = mean_over_shares(gradients)
        learnt = apply_gradients(
            discriminator, gradients, statistics, optimizers.discriminator, state.step
        )
        return learnt, optax.tree.norm(gradients)

    # A conditional and not a selection, so that a closed gate saves the backward pass.
    new, norm = jax.lax.cond(is_open, learn, lambda: (discriminator, jnp.zeros(())))
    return new, {
        "loss/discriminator": loss,
        "discriminator/accuracy_real": accuracies[0],
        "discriminator/accuracy_fake": accuracies[1],
        "discriminator/update_share": is_open.astype(jnp.float32),
        "gradient_norm/discriminator": norm,
        "samples/fill_rate": (fake > OCCUPIED).mean(),
    }


def _penalty_gradients(method: Method, discriminator: NetState, voxels: Voxels) -> Any:
    weight = method.config.loss.r1_weight * _PENALTY_EVERY

    def penalty(params):
        net = discriminator.replace(params=params)
        return weight * losses.gradient_penalty(
            lambda x: apply_train(method.networks.discriminator, net, x)[0], voxels
        )

    # Adam counts the updates, which a closed gate leaves out.
    due = discriminator.opt_state.count % _PENALTY_EVERY == 0
    return jax.lax.cond(
        due, jax.grad(penalty), optax.tree.zeros_like, discriminator.params
    )


def update_encoder(
    method: Method,
    state: TrainState,
    targets: Voxels,
    seen: Seen,
    key: Key[Array, ""],
) -> tuple[NetState, Latents, Metrics]:
    """Teaches E latents that G reconstructs targets from and that resemble the prior.

    Minimises reconstruction + KL, and if E tells cameras the error of these. Only those
    with heads of their own are known without `seen.cameras`, by their places. Returns
    also the pooled posterior samples.
    """
    config, networks, optimizers = method
    prior = build_prior(config)
    views, cameras, azimuths, chosen = seen
    weights = None
    if cameras is not None:
        # Views of known cameras count, as much as if all were, on whatever device.
        known = jnp.isfinite(cameras).all(-1).astype(jnp.float32)
        weights = known / jnp.maximum(mean_over_shares(known.mean()), _FEWEST_KNOWN)

    def loss_function(params):
        posterior, statistics = encode_views(
            networks.encoder,
            state.encoder.replace(params=params).variables,
            views,
            train=True,
            how=config.model.view_encoding,
            azimuths=azimuths,
        )
        sampled = posterior.sample(key)
        latents = pool_views(
            sampled, posterior.log_variance, config.model.pooling, chosen
        )
        logits, _ = apply_train(networks.generator, state.generator, latents)
        reconstruction = losses.reconstruction_loss(
            logits, targets, config.loss.reconstruction
        )
        kl = losses.kl_divergence(posterior, prior.standard_deviation)
        loss = config.loss.reconstruction_weight * reconstruction
        loss += config.loss.kl_weight * kl
        metrics = {"loss/kl": kl}
        if posterior.camera is not None:
            if cameras is None:
                raise ValueError(
                    "the batch has no cameras, which E is to learn to tell"
                )
            errors, angles = losses.camera_errors(posterior, cameras)
            error, angle = (errors * weights).mean(), (angles * weights).mean()
            loss += config.loss.azimuth_weight * error
            metrics |= {"loss/camera": error, "encoder/azimuth_error": angle}
        elif posterior.azimuth is not None:
            error, accuracy = losses.azimuth_loss(posterior.azimuth, azimuths)
            loss += config.loss.azimuth_weight * error
            metrics |= {"loss/azimuth": error, "encoder/azimuth_accuracy": accuracy}
        return loss, (statistics, latents, metrics)

    (loss, (statistics, latents, metrics)), gradients = jax.value_and_grad(
        loss_function, has_aux=True
    )(state.encoder.params)
    gradients = mean_over_shares(gradients)
    new = apply_gradients(
        state.encoder, gradients, statistics, optimizers.encoder, state.step
    )
    norm = optax.tree.norm(gradients)
    return new, latents, metrics | {"loss/encoder": loss, "gradient_norm/encoder": norm}


def adversarial_gradients(
    method: Method, state: TrainState, discriminator: NetState, latents: Latents
) -> tuple[Any, Any, Metrics]:
    """How G comes to deceive D with samples of the prior: by a lower -log D(G(z)).

    D is the one that has learnt in this step already.

    Returns the gradients of the weighted loss, G's new running statistics, metrics.
    """
    config, networks, _ = method

    def loss_function(params):
        net = state.generator.replace(params=params)
        logits, statistics = apply_train(networks.generator, net, latents)
        judged, _ = apply_train(
            networks.discriminator, discriminator, jax.nn.sigmoid(logits)
        )
        adversarial = losses.adversarial_loss(judged, 1.0)
        return config.loss.adversarial_weight * adversarial, (statistics, adversarial)

    gradients, (statistics, adversarial) = jax.grad(loss_function, has_aux=True)(
        state.generator.params
    )
    return gradients, statistics, {"loss/adversarial": adversarial}


def reconstruction_gradients(
    method: Method,
    state: TrainState,
    voxels: Voxels,
    targets: Voxels,
    latents: Latents,
) -> tuple[Any, Any, Metrics]:
    """How G comes to reconstruct shapes from posterior samples.

    The loss compares with targets, which are the voxels or others' probabilities of
    them, metrics with the voxels.

    Returns the gradients of the weighted loss, the new running statistics over
    posterior samples (`decoder_stats`), metrics.
    """
    config, networks, _ = method
    latents = jax.lax.stop_gradient(latents)

    def loss_function(params):
        net = NetState(params, state.decoder_stats, opt_state=None)
        logits, statistics = apply_train(networks.generator, net, latents)
        reconstruction = losses.reconstruction_loss(
            logits, targets, config.loss.reconstruction
        )
        metrics = {"loss/reconstruction": reconstruction}
        metrics |= reconstruction_metrics("reconstruction", logits, voxels)
        loss = config.loss.reconstruction_weight * reconstruction
        return loss, (statistics, metrics)

    gradients, (statistics, metrics) = jax.grad(loss_function, has_aux=True)(
        state.generator.params
    )
    return gradients, statistics, metrics


def reconstruction_metrics(what: str, logits: Voxels, voxels: Voxels) -> Metrics:
    """Squared error and mean IoU, as metrics of `what`."""
    probabilities = jax.lax.stop_gradient(jax.nn.sigmoid(logits))[..., 0]
    iou = intersection_over_union(probabilities, voxels[..., 0] > 0.5, OCCUPIED)
    error = losses.reconstruction_loss(logits, voxels, "squared_error")
    return {f"{what}/squared_error": error, f"{what}/iou": iou.mean()}
