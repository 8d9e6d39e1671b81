"""What the options of a training step add: azimuths, few views, a penalty on D."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.helpers import (
    AZIMUTHS,
    CLOSED,
    OPEN,
    PENALTY,
    assert_trees_close,
    assert_trees_equal,
    cached_setup,
    make_batch,
)
from vaegan_jax.models.multiview import encode_views
from vaegan_jax.training import losses
from vaegan_jax.training.updates import apply_train


@pytest.mark.parametrize("encoded", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_the_encoder_learns_to_tell_azimuths_and_to_do_with_few_views(encoded):
    fields = {"optimizer.encoder_lr": 1e-2, "data.encoded_views": encoded}
    this = cached_setup("mv_vae_gan", AZIMUTHS | fields)
    batch = make_batch(this.config)
    # Each azimuth has its own look: another part of the picture is dark.
    views = np.full(batch["views"].shape, 255, np.uint8)
    for azimuth in range(3):
        views[:, azimuth, 10 * azimuth : 10 * azimuth + 10] = 0
    batch["views"] = jnp.asarray(views)
    state = this.create()
    told = []
    for _ in range(25):
        state, metrics = this.train_step(state, batch)
        told.append(float(metrics["loss/azimuth"]))
    assert told[0] > 0.5 * np.log(3) and told[-1] < 0.05
    assert metrics["encoder/azimuth_accuracy"] == 1
    posterior, _ = encode_views(
        this.networks.encoder,
        state.encoder.variables,
        batch["views"][:, ::-1],
        train=False,
    )
    # In evaluation no azimuth is told: views in another order are recognised.
    np.testing.assert_array_equal(posterior.azimuth.argmax(-1), 4 * [[2, 1, 0]])


def test_the_encoder_learns_to_tell_cameras_wherever_they_are():
    fields = {"optimizer.encoder_lr": 1e-2, "model.azimuths": 6}
    this = cached_setup("mv_vae_gan", fields | {"model.azimuth_heads": False})
    batch = make_batch(this.config)
    azimuths = np.array([[15.0, 75, 330], [30, 0, 200], [15, 330, 75], [200, 30, 0]])
    cameras = np.full((4, 3, 4), np.nan, np.float32)
    cameras[..., 0], cameras[..., 1] = azimuths, azimuths / 10
    cameras[..., 2:] = 2.0, 35.0
    # Each azimuth has its own look: another part of the picture is dark.
    views = np.full(batch["views"].shape, 255, np.uint8)
    for shape, place in np.ndindex(4, 3):
        row = int(azimuths[shape, place]) // 15
        views[shape, place, row : row + 3] = 0
    cameras[3, 2] = np.nan  # one is not known
    batch |= {"views": jnp.asarray(views), "cameras": jnp.asarray(cameras)}
    state, errors = this.create(), []
    for _ in range(60):
        state, metrics = this.train_step(state, batch)
        errors.append(float(metrics["loss/camera"]))
    assert np.isfinite(errors).all() and errors[-1] < 0.4 * errors[0]
    # Azimuths lie up to half a sector, 30°, from the middle of theirs.
    assert metrics["encoder/azimuth_error"] < 30


@pytest.mark.slow
def test_latents_are_pooled_from_some_of_the_views():
    batch = make_batch(cached_setup("mv_vae_gan").config)
    metrics = {}
    for fewest in (0, 3, 1):  # of three
        this = cached_setup("mv_vae_gan", {"data.fewest_views": fewest})
        metrics[fewest] = this.train_step(this.create(), batch)[1]
    all_views, also_all, some = (
        metrics[fewest]["loss/reconstruction"] for fewest in (0, 3, 1)
    )
    np.testing.assert_allclose(all_views, also_all, rtol=1e-6)
    assert abs(some - all_views) > 2e-5 * all_views
    # What the posterior of every view is held to is the same.
    np.testing.assert_allclose(metrics[1]["loss/kl"], metrics[0]["loss/kl"], rtol=1e-5)


@pytest.mark.slow
def test_every_fourth_update_the_gradient_of_the_discriminator_is_penalised():
    """By as much as all four together should be, and D comes to have less of it."""
    free = cached_setup("gan", OPEN | PENALTY | {"loss.r1_weight": 0.0})
    held = cached_setup("gan", OPEN | PENALTY | {"loss.r1_weight": 100.0})
    batch = make_batch(held.config)
    voxels = batch["voxels"].astype(jnp.float32)[..., None]

    @jax.jit
    def penalty(params):
        state = held.create().discriminator.replace(params=params)
        discriminate = lambda x: apply_train(held.networks.discriminator, state, x)[0]  # noqa: E731
        return losses.gradient_penalty(discriminate, voxels)

    def gradients(this, count):
        """Those of D in a step after so many updates, from Adam's first moment."""
        state = this.create()
        moments = state.discriminator.opt_state._replace(count=jnp.int32(count))
        net = state.discriminator.replace(opt_state=moments)
        state, _ = this.train_step(state.replace(discriminator=net), batch)
        first = 1 - this.config.optimizer.betas[0]
        return jax.tree.map(lambda m: m / first, state.discriminator.opt_state.mu)

    once = jax.grad(penalty)(held.create().discriminator.params)
    for count in range(5):
        actual = jax.tree.map(
            jnp.subtract, gradients(held, count), gradients(free, count)
        )
        factor = 0.0 if count % 4 else 4 * 100.0
        expected = jax.tree.map(lambda g: factor * g, once)  # noqa: B023
        scale = max(abs(g).max() for g in jax.tree.leaves(once))
        assert_trees_close(actual, expected, rtol=1e-2, atol=0.1 * scale)
    slopes = []
    for this in (free, held):
        state = this.create()
        for _ in range(20):
            state, _ = this.train_step(state, batch)
        slopes.append(float(penalty(state.discriminator.params)))
    assert slopes[1] < 0.5 * slopes[0]


@pytest.mark.slow
def test_a_closed_gate_keeps_the_penalty_away_too():
    this = cached_setup("gan", CLOSED | PENALTY)
    state, _ = this.train_step(this.create(), make_batch(this.config))
    assert_trees_equal(state.discriminator, this.create().discriminator)
