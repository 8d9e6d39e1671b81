"""One whole training step of each model against the same step in PyTorch."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torch_reference as reference
from helpers import ALGORITHMS, OPEN, assert_trees_close, cached_setup, make_batch

from vaegan_jax.prior import build_prior


def pytorch_step(setup, state, batch):
    """Losses, gradients by network, and running statistics, from PyTorch."""
    config = setup.config
    keys = jax.random.split(jax.random.fold_in(state.rng, state.step), 4)
    prior = build_prior(config)
    size = config.train.batch_size
    draw = lambda key: reference.tensor(  # noqa: E731
        prior.sample(key, size, config.model.latent_size)
    )
    params = {
        name: reference.to_tensors(getattr(state, name).params, requires_grad=True)
        for name in ("generator", "discriminator", "encoder")
        if getattr(state, name) is not None
    }
    stats = {
        name: reference.to_tensors(getattr(state, name).batch_stats) for name in params
    }
    scratch = lambda name: {  # statistics that nobody keeps  # noqa: E731
        layer: {k: v.clone() for k, v in values.items()}
        for layer, values in stats[name].items()
    }
    gradients, losses = {}, {}

    def differentiate(name, loss):
        leaves, structure = jax.tree.flatten(params[name])
        found = torch.autograd.grad(loss, leaves, retain_graph=True)
        gradients[name] = jax.tree.unflatten(structure, [g.numpy() for g in found])

    # Discriminator.
    voxels = reference.tensor(batch["voxels"]).float()[:, None]
    real_key, fake_key = jax.random.split(keys[1])
    real_bounds, fake_bounds = config.loss.real_labels, config.loss.fake_labels
    if not config.loss.soft_labels:
        real_bounds, fake_bounds = (1.0, 1.0), (0.0, 0.0)
    labels = [
        reference.tensor(jax.random.uniform(key, (size,), minval=low, maxval=high))
        for key, (low, high) in ((real_key, real_bounds), (fake_key, fake_bounds))
    ]
    fake = torch.sigmoid(
        reference.generator(params["generator"], scratch("generator"), draw(keys[0]))
    ).detach()
    leak = config.model.leak
    judge = functools.partial(
        reference.discriminator, params["discriminator"], leak=leak
    )
    loss = F.binary_cross_entropy_with_logits(
        judge(stats["discriminator"], voxels), labels[0]
    ) + F.binary_cross_entropy_with_logits(
        judge(stats["discriminator"], fake), labels[1]
    )
    differentiate("discriminator", loss)
    losses["loss/discriminator"] = loss

    # Encoder: one view after the other.
    reconstruction = 0.0
    if "encoder" in params:
        shape = (size, batch["views"].shape[1], config.model.latent_size)
        noise = reference.tensor(jax.random.normal(keys[2], shape))
        samples, divergences = [], []
        for v in range(shape[1]):
            mean, log_variance = reference.encoder(
                params["encoder"],
                stats["encoder"],
                reference.tensor(batch["views"][:, v]),
            )
            samples.append(mean + torch.exp(log_variance / 2) * noise[:, v])
            posterior = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
            target = torch.distributions.Normal(0.0, prior.standard_deviation)
            divergence = torch.distributions.kl_divergence(posterior, target)
            divergences.append(divergence.sum(-1).mean())
        latents = torch.stack(samples)
        latents = latents.amax(0) if config.model.pooling == "max" else latents.mean(0)
        logits = reference.generator(params["generator"], scratch("generator"), latents)
        if config.loss.reconstruction == "cross_entropy":
            errors = F.binary_cross_entropy_with_logits(
                logits, voxels, reduction="none"
            )
        else:
            errors = (torch.sigmoid(logits) - voxels) ** 2
        reconstruction = errors.sum((1, 2, 3, 4)).mean()
        reconstruction = config.loss.reconstruction_weight * reconstruction
        kl = sum(divergences) / len(divergences)
        loss = reconstruction + config.loss.kl_weight * kl
        differentiate("encoder", loss)
        losses["loss/encoder"] = loss

    # Generator, judged by the discriminator that has just learnt.
    from_prior = torch.sigmoid(
        reference.generator(params["generator"], stats["generator"], draw(keys[3]))
    )
    if "encoder" in params:
        stats["decoder"] = reference.to_tensors(state.decoder_stats)
        reference.generator(params["generator"], stats["decoder"], latents)
    updated, _ = setup.optimizers.discriminator.apply(
        jax.tree.map(jnp.asarray, gradients["discriminator"]),
        state.discriminator.opt_state,
        state.discriminator.params,
        state.step,
    )
    judged = reference.discriminator(
        reference.to_tensors(updated), scratch("discriminator"), from_prior, leak
    )
    adversarial = -F.logsigmoid(judged).mean()
    weighted = config.loss.adversarial_weight * adversarial
    differentiate("generator", weighted + reconstruction)
    losses["loss/adversarial"] = adversarial
    return losses, gradients, stats


# Every switch of the step away from the reference recipe.
VARIANT = {
    "model.pooling": "max",
    "model.leak": 0.1,
    "prior.distribution": "uniform",
    "prior.scale": 2.0,
    "loss.soft_labels": False,
    "loss.reconstruction": "cross_entropy",
    "loss.reconstruction_weight": 0.01,
    "loss.kl_weight": 0.3,
    "loss.adversarial_weight": 2.0,
    "model.convolution": "winograd",
}


@pytest.mark.parametrize(
    "algorithm, variant",
    [*((name, {}) for name in ALGORITHMS), ("mv_vae_gan", VARIANT)],
    ids=[*ALGORITHMS, "variant"],
)
def test_a_whole_step_equals_pytorch(algorithm, variant):
    this = cached_setup(algorithm, OPEN | variant)
    batch = make_batch(this.config)
    losses, gradients, stats = pytorch_step(this, this.create(), batch)
    state, metrics = this.train_step(this.create(), batch)
    for name, loss in losses.items():
        np.testing.assert_allclose(metrics[name], loss.item(), rtol=1e-3)
    for name, expected in gradients.items():
        net = getattr(state, name)
        # After one step Adam's first moment is (1 - β1) times the gradient.
        actual = jax.tree.map(lambda m: m / 0.5, net.opt_state.mu)
        scale = max(abs(g).max() for g in jax.tree.leaves(expected))
        assert_trees_close(actual, expected, rtol=5e-3, atol=1e-4 * scale)
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-3, atol=1e-4),
            net.batch_stats,
            stats[name],
        )
    if algorithm != "gan":
        assert_trees_close(
            state.decoder_stats,
            jax.tree.map(lambda x: x.detach().numpy(), stats["decoder"]),
            rtol=2e-3,
            atol=1e-4,
        )
