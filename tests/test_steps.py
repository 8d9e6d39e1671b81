import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torch_reference as reference
from helpers import (
    ALGORITHMS,
    Setup,
    assert_trees_close,
    assert_trees_equal,
    make_batch,
    tiny_config,
)

from vaegan_jax import steps
from vaegan_jax.prior import build_prior

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
}


@pytest.mark.parametrize(
    "algorithm, variant",
    [*((name, {}) for name in ALGORITHMS), ("mv_vae_gan", VARIANT)],
    ids=[*ALGORITHMS, "variant"],
)
def test_a_whole_step_equals_pytorch(algorithm, variant):
    this = make(algorithm, OPEN | variant)
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


def test_a_step_is_its_three_updates_each_changing_one_network_alone():
    """Composed by hand, with copies of the networks that an update must not change."""
    this = make("mv_vae_gan", OPEN)
    config, networks, optimizers = this.config, this.networks, this.optimizers
    state, batch = this.create(), make_batch(this.config)
    keys = jax.random.split(jax.random.fold_in(state.rng, state.step), 4)
    prior = build_prior(config)
    voxels = batch["voxels"].astype(jnp.float32)[..., None]

    @jax.jit
    def by_hand(state):
        discriminator, _ = steps.update_discriminator(
            config, networks, optimizers.discriminator, state.discriminator,
            state.generator, voxels, prior.sample(keys[0], 4, 6), keys[1], state.step,
        )  # fmt: skip
        encoder, samples, _ = steps.update_encoder(
            config, networks, optimizers.encoder, state.encoder, state.generator,
            voxels, batch["views"], keys[2], state.step,
        )  # fmt: skip
        generator, _, _ = steps.update_generator(
            config, networks, optimizers.generator, state.generator, discriminator,
            voxels, prior.sample(keys[3], 4, 6), samples, state.decoder_stats,
            state.step,
        )  # fmt: skip
        return discriminator, encoder, generator

    expected = by_hand(state)
    new, _ = this.train_step(this.create(), batch)
    actual = (new.discriminator, new.encoder, new.generator)
    for ours, theirs in zip(actual, expected, strict=True):
        # First moments and statistics; parameters after Adam flip with tiny gradients.
        scale = max(abs(m).max() for m in jax.tree.leaves(theirs.opt_state.mu))
        assert_trees_close(
            ours.opt_state.mu, theirs.opt_state.mu, rtol=1e-3, atol=1e-5 * scale
        )
        assert_trees_close(ours.batch_stats, theirs.batch_stats, rtol=1e-4)


@pytest.mark.parametrize("frozen", ["generator", "discriminator", "encoder"])
def test_a_network_that_does_not_learn_stays_as_it_was(frozen):
    """With a learning rate of 0 for one network, the other updates do not touch it."""
    this = make("mv_vae_gan", OPEN)
    nothing = this.optimizers.generator._replace(learning_rate=lambda step: 0.0)
    optimizers = this.optimizers._replace(**{frozen: nothing})
    step = steps.make_train_step(this.config, this.networks, optimizers)
    state, _ = step(this.create(), make_batch(this.config))
    before = this.create()
    for name in ("generator", "discriminator", "encoder"):
        old, new = getattr(before, name).params, getattr(state, name).params
        if name == frozen:
            assert_trees_equal(old, new)
        else:
            changed = jax.tree.map(lambda a, b: bool((a != b).any()), old, new)
            assert all(jax.tree.leaves(changed))


def test_the_generator_learns_to_deceive_a_discriminator_that_stands_still():
    this = make("gan", {"optimizer.generator_lr": 1e-2, **CLOSED})
    state, batch, values = this.create(), make_batch(this.config), []
    for _ in range(40):
        state, metrics = this.train_step(state, batch)
        values.append(float(metrics["loss/adversarial"]))
    assert np.mean(values[-5:]) < 0.2 * values[0]


@pytest.mark.parametrize("algorithm", ["vae_gan", "mv_vae_gan"])
def test_a_single_batch_overfits(algorithm):
    overrides = {"optimizer.encoder_lr": 1e-2, "optimizer.generator_lr": 1e-2}
    this = make(algorithm, overrides)
    batch, state = make_batch(this.config), this.create()
    voxels = np.zeros((4, 32, 32, 32), np.uint8)
    for i in range(4):  # four slabs, one above the other
        voxels[i, :, :, 8 * i : 8 * i + 8] = 1
    batch["voxels"] = jnp.asarray(voxels)
    values = []
    for _ in range(80):
        state, metrics = this.train_step(state, batch)
        values.append(float(metrics["reconstruction/squared_error"]))
    # Without looking at the views one can only predict the mean, ¼ everywhere.
    unseen = 0.25 * 0.75 * 32**3
    assert np.mean(values[-5:]) < 0.5 * unseen


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
    assert set(state.sampling_variables()) == {
        "generator",
        "encoder",
        "decoder_stats",
    }


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
