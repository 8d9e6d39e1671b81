import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torch_reference as reference
from conftest import (
    ALGORITHMS,
    Setup,
    assert_trees_close,
    assert_trees_equal,
    make_batch,
    tiny_config,
)

from vaegan_jax import steps

# D learns from every batch, so that its gradients can be compared.
OPEN = {"loss.discriminator_threshold": 1.0, "optimizer.schedule": False}
CLOSED = {"loss.discriminator_threshold": 0.0}


@functools.cache
def setup(algorithm, **overrides):
    return Setup(tiny_config(algorithm, **overrides))


@functools.cache
def setup_with(algorithm, items):
    return setup(algorithm, **dict(items))


def make(algorithm, overrides=None):
    return setup_with(algorithm, tuple((overrides or {}).items()))


def pytorch_step(setup, state, batch):
    """Losses, gradients by network, and running statistics, from PyTorch."""
    config = setup.config
    keys = jax.random.split(jax.random.fold_in(state.rng, state.step), 4)
    prior = steps.build_prior(config)
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
    labels = [
        reference.tensor(jax.random.uniform(key, (size,), minval=low, maxval=high))
        for key, (low, high) in ((real_key, real_bounds), (fake_key, fake_bounds))
    ]
    fake = torch.sigmoid(
        reference.generator(params["generator"], scratch("generator"), draw(keys[0]))
    ).detach()
    judge = functools.partial(reference.discriminator, params["discriminator"])
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
            target = torch.distributions.Normal(0.0, config.prior.scale)
            divergence = torch.distributions.kl_divergence(posterior, target)
            divergences.append(divergence.sum(-1).mean())
        latents = torch.stack(samples).mean(0)
        decoded = torch.sigmoid(
            reference.generator(params["generator"], scratch("generator"), latents)
        )
        reconstruction = ((decoded - voxels) ** 2).sum((1, 2, 3, 4)).mean()
        loss = reconstruction + sum(divergences) / len(divergences)
        differentiate("encoder", loss)
        losses["loss/encoder"] = loss

    # Generator, judged by the discriminator that has just learnt.
    from_prior = torch.sigmoid(
        reference.generator(params["generator"], stats["generator"], draw(keys[3]))
    )
    if "encoder" in params:
        reference.generator(params["generator"], stats["generator"], latents)
    updated, _ = setup.optimizers.discriminator.apply(
        jax.tree.map(jnp.asarray, gradients["discriminator"]),
        state.discriminator.opt_state,
        state.discriminator.params,
        state.step,
    )
    judged = reference.discriminator(
        reference.to_tensors(updated), scratch("discriminator"), from_prior
    )
    adversarial = -F.logsigmoid(judged).mean()
    differentiate("generator", adversarial + reconstruction)
    losses["loss/adversarial"] = adversarial
    return losses, gradients, stats


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_whole_step_equals_pytorch(algorithm):
    this = make(algorithm, OPEN)
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


# The second step of a fixed seed, to notice unintended changes of the algorithm. A
# change that is meant changes these numbers: replace them, and say so in the changelog.
GOLDEN = {
    "gan": {"loss/discriminator": 1.30796, "loss/generator": 1.04773},
    "vae_gan": {
        "loss/discriminator": 1.26658,
        "loss/encoder": 8106.24,
        "loss/generator": 8082.72,
    },
    "mv_vae_gan": {
        "loss/discriminator": 1.25089,
        "loss/encoder": 8105.04,
        "loss/generator": 8078.55,
    },
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_golden_step(algorithm):
    this = make(algorithm, OPEN)
    state, _ = this.train_step(this.create(), make_batch(this.config))
    _, metrics = this.train_step(state, make_batch(this.config, seed=1))
    for name, expected in GOLDEN[algorithm].items():
        np.testing.assert_allclose(metrics[name], expected, rtol=2e-3, err_msg=name)


def test_a_closed_gate_changes_nothing_of_the_discriminator():
    this = make("mv_vae_gan", CLOSED)
    batch = make_batch(this.config)
    # An untrained D that calls everything real has accuracy ½, above a threshold of 0.
    state, metrics = this.train_step(this.create(), batch)
    assert metrics["discriminator/update_share"] == 0
    assert_trees_equal(state.discriminator, this.create().discriminator)


def test_an_open_gate_changes_the_discriminator():
    this = make("mv_vae_gan", OPEN)
    state, metrics = this.train_step(this.create(), make_batch(this.config))
    assert metrics["discriminator/update_share"] == 1
    before = this.create().discriminator
    for old, new in zip(
        jax.tree.leaves(before.params),
        jax.tree.leaves(state.discriminator.params),
        strict=True,
    ):
        assert (old != new).any()


def test_each_update_returns_its_own_network_and_leaves_the_others():
    """The frozen networks' arrays come out of the step bit for bit as they went in."""
    this = make("mv_vae_gan", OPEN)
    config, networks, optimizers = this.config, this.networks, this.optimizers
    state, frozen = this.create(), this.create()
    batch = make_batch(config)
    voxels = batch["voxels"].astype(jnp.float32)[..., None]
    latents = jnp.ones((4, config.model.latent_size))
    key, step = jax.random.key(0), jnp.int32(0)
    discriminator, _ = steps.update_discriminator(
        config, networks, optimizers.discriminator, state.discriminator,
        state.generator, voxels, latents, key, step,
    )  # fmt: skip
    encoder, samples, _ = steps.update_encoder(
        config, networks, optimizers.encoder, state.encoder, state.generator, voxels,
        batch["views"], key, step,
    )  # fmt: skip
    generator, _ = steps.update_generator(
        config, networks, optimizers.generator, state.generator, state.discriminator,
        voxels, latents, samples, step,
    )  # fmt: skip
    assert_trees_equal(state, frozen)
    for name, new in (
        ("discriminator", discriminator),
        ("encoder", encoder),
        ("generator", generator),
    ):
        old = getattr(frozen, name)
        assert jax.tree.structure(new) == jax.tree.structure(old)
        assert any(
            (a != b).any()
            for a, b in zip(
                jax.tree.leaves(new.params), jax.tree.leaves(old.params), strict=True
            )
        )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_single_batch_overfits(algorithm):
    overrides = {"optimizer.encoder_lr": 1e-2, "optimizer.generator_lr": 1e-2}
    this = make(algorithm, overrides)
    batch, state = make_batch(this.config), this.create()
    name = "loss/adversarial" if algorithm == "gan" else "reconstruction/squared_error"
    values = []
    for _ in range(60):
        state, metrics = this.train_step(state, batch)
        values.append(float(metrics[name]))
    assert np.mean(values[-5:]) < 0.75 * np.mean(values[:3])


def test_moving_average_is_computed_by_hand():
    this = make("mv_vae_gan", {"train.average_decay": 0.9})
    state, batch = this.create(), make_batch(this.config)
    expected = np.array(state.generator.params["Dense_0"]["kernel"])
    for step in range(3):
        state, _ = this.train_step(state, batch)
        decay = min(0.9, (1 + step) / (10 + step))
        new = np.array(state.generator.params["Dense_0"]["kernel"])
        expected = decay * expected + (1 - decay) * new
    average = state.averages["generator"]["params"]["Dense_0"]["kernel"]
    np.testing.assert_allclose(average, expected, rtol=1e-5)
    assert set(state.sampling_variables()) == {"generator", "encoder"}


def test_steps_do_not_retrace():
    this = make("gan", {"seed": 3})
    state, batch = this.create(), make_batch(this.config)
    for _ in range(3):
        state, _ = this.train_step(state, batch)
    assert this.train_step._cache_size() == 1


def test_steps_draw_new_latents_every_time():
    this = make("gan", {"optimizer.generator_lr": 1e-30, **CLOSED})
    state, batch = this.create(), make_batch(this.config)
    state, first = this.train_step(state, batch)
    state, second = this.train_step(state, batch)
    assert first["loss/adversarial"] != second["loss/adversarial"]
