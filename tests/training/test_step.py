import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.helpers import (
    CLOSED,
    OPEN,
    assert_trees_close,
    assert_trees_equal,
    cached_setup,
    make_batch,
)
from vaegan_jax.models.prior import build_prior
from vaegan_jax.training import updates
from vaegan_jax.training.augmentation import augment
from vaegan_jax.training.seen import Seen
from vaegan_jax.training.step import make_train_step

# The second step of a fixed seed, to notice unintended changes of the algorithm. A
# change that is meant changes these numbers: replace them, and say so in the changelog.
GOLDEN = {
    "gan": {"loss/discriminator": 1.46795, "loss/generator": 0.940061},
    "vae_gan": {
        "loss/discriminator": 1.4467,
        "loss/encoder": 149.016,
        "loss/generator": 125.241,
    },
    "mv_vae_gan": {
        "loss/discriminator": 1.44799,
        "loss/encoder": 151.396,
        "loss/generator": 124.627,
    },
}


@pytest.mark.parametrize(
    "algorithm", ["gan", pytest.param("vae_gan", marks=pytest.mark.slow), "mv_vae_gan"]
)
def test_golden_step(algorithm):
    this = cached_setup(algorithm, OPEN)
    state, _ = this.train_step(this.create(), make_batch(this.config))
    _, metrics = this.train_step(state, make_batch(this.config, seed=1))
    for name, expected in GOLDEN[algorithm].items():
        np.testing.assert_allclose(metrics[name], expected, rtol=2e-3, err_msg=name)


def test_a_closed_gate_changes_nothing_of_the_discriminator():
    this = cached_setup("mv_vae_gan", CLOSED)
    batch = make_batch(this.config)
    # An untrained D that calls everything real has accuracy ½, above a threshold of 0.
    state, metrics = this.train_step(this.create(), batch)
    assert metrics["discriminator/update_share"] == 0
    assert_trees_equal(state.discriminator, this.create().discriminator)


def test_an_open_gate_changes_the_discriminator():
    this = cached_setup("mv_vae_gan", OPEN)
    state, metrics = this.train_step(this.create(), make_batch(this.config))
    assert metrics["discriminator/update_share"] == 1
    before = this.create().discriminator
    for old, new in zip(
        jax.tree.leaves(before.params),
        jax.tree.leaves(state.discriminator.params),
        strict=True,
    ):
        assert (old != new).any()


@pytest.mark.slow
def test_a_step_is_its_three_updates_each_changing_one_network_alone():
    """Composed by hand, with copies of the networks that an update must not change."""
    this = cached_setup("mv_vae_gan", OPEN)
    method = updates.Method(this.config, this.networks, this.optimizers)
    state, batch = this.create(), make_batch(this.config)
    keys = jax.random.split(jax.random.fold_in(state.rng, state.step), 4)
    prior = build_prior(this.config)
    voxels = batch["voxels"].astype(jnp.float32)[..., None]

    @jax.jit
    def by_hand(state):
        discriminator, _ = updates.update_discriminator(
            method, state, voxels, prior.sample(keys[0], 4, 6), keys[1]
        )
        encoder, samples, _ = updates.update_encoder(
            method, state, voxels, Seen(batch["views"]), keys[2]
        )
        deceiving, statistics, _ = updates.adversarial_gradients(
            method, state, discriminator, prior.sample(keys[3], 4, 6)
        )
        reconstructing, _, _ = updates.reconstruction_gradients(
            method, state, voxels, voxels, samples
        )
        generator = updates.apply_gradients(
            state.generator, optax.tree.add(deceiving, reconstructing), statistics,
            this.optimizers.generator, state.step,
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


@pytest.mark.slow
@pytest.mark.parametrize(
    "frozen",
    [
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("generator", "encoder")
        ),
        "discriminator",
    ],
)
def test_a_network_that_does_not_learn_stays_as_it_was(frozen):
    """With a learning rate of 0 for one network, the other updates do not touch it."""
    this = cached_setup("mv_vae_gan", OPEN)
    nothing = this.optimizers.generator._replace(learning_rate=lambda step: 0.0)
    optimizers = this.optimizers._replace(**{frozen: nothing})
    step = make_train_step(this.config, this.networks, optimizers)
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
    this = cached_setup("gan", {"optimizer.generator_lr": 1e-2, **CLOSED})
    state, batch, values = this.create(), make_batch(this.config), []
    for _ in range(40):
        state, metrics = this.train_step(state, batch)
        values.append(float(metrics["loss/adversarial"]))
    assert np.mean(values[-5:]) < 0.2 * values[0]


@pytest.mark.parametrize(
    "algorithm", [pytest.param("vae_gan", marks=pytest.mark.slow), "mv_vae_gan"]
)
def test_a_single_batch_overfits(algorithm):
    overrides = {"optimizer.encoder_lr": 1e-2, "optimizer.generator_lr": 1e-2}
    this = cached_setup(algorithm, overrides)
    batch, state = make_batch(this.config), this.create()
    voxels = np.zeros((4, 8, 8, 8), np.uint8)
    for i in range(4):  # four slabs, one above the other
        voxels[i, :, :, 2 * i : 2 * i + 2] = 1
    batch["voxels"] = jnp.asarray(voxels)
    values = []
    for _ in range(80):
        state, metrics = this.train_step(state, batch)
        values.append(float(metrics["reconstruction/squared_error"]))
    # Without looking at the views one can only predict the mean, ¼ everywhere.
    unseen = 0.25 * 0.75 * 8**3
    assert np.mean(values[-5:]) < 0.5 * unseen


@pytest.mark.slow
def test_moving_average_is_computed_by_hand():
    this = cached_setup("mv_vae_gan", {"train.average_decay": 0.9})
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


@pytest.mark.slow
def test_steps_do_not_retrace():
    this = cached_setup("gan", {"seed": 3})
    state, batch = this.create(), make_batch(this.config)
    for _ in range(3):
        state, _ = this.train_step(state, batch)
    assert this.train_step._cache_size() == 1


def test_steps_draw_new_latents_every_time():
    this = cached_setup("gan", {"optimizer.generator_lr": 1e-30, **CLOSED})
    state, batch = this.create(), make_batch(this.config)
    state, first = this.train_step(state, batch)
    state, second = this.train_step(state, batch)
    assert first["loss/adversarial"] != second["loss/adversarial"]


@pytest.mark.slow
def test_a_step_learns_from_the_changed_batch():
    changes = {"augmentation.mirror": True, "augmentation.shift": 0.2}
    this = cached_setup("mv_vae_gan", OPEN | changes)
    plain = cached_setup("mv_vae_gan", OPEN)
    state, batch = this.create(), make_batch(this.config)
    keys = jax.random.split(jax.random.fold_in(state.rng, state.step), 5)
    changed = augment(keys[4], batch, this.config.augmentation)
    _, expected = plain.train_step(plain.create(), changed)
    _, metrics = this.train_step(state, batch)
    for name, value in expected.items():
        np.testing.assert_allclose(metrics[name], value, rtol=1e-4, err_msg=name)


@pytest.mark.slow
def test_between_its_turns_the_adversary_changes_nothing():
    """Of two steps the second is no turn: D stays, and its weight does not matter."""
    every = {"loss.adversarial_every": 2, **OPEN}
    states = []
    for weight in (1.0, 100.0):
        this = cached_setup("mv_vae_gan", {"loss.adversarial_weight": weight, **every})
        batch = make_batch(this.config)
        turn, metrics = this.train_step(this.create(), batch)
        assert metrics["adversarial/share"] == 1
        # From the same state, which is its second.
        state = this.create().replace(step=jnp.ones((), jnp.int32))
        between, metrics = this.train_step(state, batch)
        assert metrics["adversarial/share"] == metrics["loss/adversarial"] == 0
        assert metrics["loss/generator"] == 0  # of turns alone: here it is another loss
        assert metrics["loss/reconstruction"] > 0
        assert metrics["discriminator/update_share"] == 0
        before = this.create()
        assert_trees_equal(between.discriminator, before.discriminator)
        # Statistics of prior samples stay, those of posterior samples do not.
        assert_trees_equal(between.generator.batch_stats, before.generator.batch_stats)
        assert differ(between.decoder_stats, before.decoder_stats)
        assert differ(between.encoder.params, before.encoder.params)
        states.append((turn.generator.params, between.generator.params))
    (turn, between), (other_turn, other_between) = states
    assert_trees_equal(between, other_between)
    assert differ(turn, other_turn)


def differ(a, b):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return any(bool((x != y).any()) for x, y in pairs)
