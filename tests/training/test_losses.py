import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.pytorch.pytorch_inputs import PRIOR_SCALES, divergence
from tests.pytorch.pytorch_values import from_pytorch
from vaegan_jax.models.encoder import Posterior
from vaegan_jax.models.prior import Prior
from vaegan_jax.training import losses


def test_adversarial_loss_by_hand():
    # -log σ(0) = log 2; -log σ(log 3) = log 4/3; target 0 gives log(1 + e^x).
    logits = jnp.array([0.0, np.log(3)], jnp.float32)
    np.testing.assert_allclose(
        losses.adversarial_loss(logits, 1.0),
        (np.log(2) + np.log(4 / 3)) / 2,
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        losses.adversarial_loss(logits, jnp.array([0.0, 0.25])),
        (np.log(2) + 0.25 * np.log(4 / 3) + 0.75 * np.log(4)) / 2,
        rtol=1e-6,
    )


def test_adversarial_loss_is_finite_and_steep_for_extreme_logits():
    value, slope = jax.value_and_grad(lambda x: losses.adversarial_loss(x[None], 1.0))(
        -200.0
    )
    np.testing.assert_allclose(value, 200)
    np.testing.assert_allclose(slope, -1)


def test_soft_labels_stay_within_bounds_and_hard_ones_are_exact():
    labels = losses.draw_labels(jax.random.key(0), 1000, (0.7, 1.0))
    assert 0.7 <= labels.min() < 0.71 and 0.99 < labels.max() <= 1
    np.testing.assert_array_equal(
        losses.draw_labels(jax.random.key(0), 5, (1.0, 1.0)), np.ones(5)
    )


def test_accuracy_counts_each_side():
    real, fake = jnp.array([1.0, -1, 2, 3]), jnp.array([-1.0, 1, 1, 1])
    accuracy = losses.discriminator_accuracy(real, fake)
    assert [float(a) for a in accuracy] == [0.75, 0.25]


@pytest.mark.parametrize(
    "real, fake, is_open", [(0.8, 0.8, True), (1, 0.5, True), (0.9, 0.8, False)]
)
def test_gate_compares_the_mean_accuracy(real, fake, is_open):
    gate = losses.gate(jnp.float32(real), jnp.float32(fake), 0.8)
    assert bool(gate) == is_open


def test_reconstruction_is_summed_over_the_grid_and_averaged_over_shapes():
    logits = jnp.zeros((2, 4, 4, 4, 1))  # probability ½ everywhere
    voxels = jnp.zeros_like(logits).at[0].set(1)
    squared = losses.reconstruction_loss(logits, voxels, "squared_error")
    np.testing.assert_allclose(squared, 64 * 0.25)
    entropy = losses.reconstruction_loss(logits, voxels, "cross_entropy")
    np.testing.assert_allclose(entropy, 64 * np.log(2), rtol=1e-6)


def test_kl_by_hand_and_zero_at_the_prior():
    posterior = Posterior(jnp.array([[1.0, 0]]), jnp.log(jnp.array([[4.0, 1]])))
    # ½ (4 + 1 - 1 - log 4) for the first element, 0 for the second.
    expected = 0.5 * (4 - np.log(4))
    np.testing.assert_allclose(losses.kl_divergence(posterior, 1.0), expected, 1e-6)
    at_prior = Posterior(jnp.zeros((3, 5)), jnp.full((3, 5), 2 * np.log(0.33)))
    np.testing.assert_allclose(losses.kl_divergence(at_prior, 0.33), 0, atol=1e-5)


@pytest.mark.parametrize("scale", PRIOR_SCALES)
def test_kl_equals_pytorch_and_averages_over_views(scale):
    given = divergence(scale)
    posterior = Posterior(
        jnp.asarray(given["mean"]), jnp.asarray(given["log_variance"])
    )
    expected = from_pytorch(f"kl/{scale}", given)["kl"]
    actual = losses.kl_divergence(posterior, scale)
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_prior_has_the_standard_deviation_it_states(distribution):
    prior = Prior(distribution, 0.33)
    latents = prior.sample(jax.random.key(0), 1000, 200)
    assert latents.shape == (1000, 200)
    np.testing.assert_allclose(latents.std(), prior.standard_deviation, rtol=0.01)
    np.testing.assert_allclose(latents.mean(), 0, atol=0.01)
    if distribution == "uniform":
        assert abs(latents).max() <= 0.33
        assert (abs(latents) > 0.3).mean() > 0.05  # no bell


def test_posterior_sample_has_its_mean_and_variance():
    shape = (200, 500)
    posterior = Posterior(jnp.full(shape, 2.0), jnp.full(shape, np.log(9.0)))
    samples = posterior.sample(jax.random.key(0))
    np.testing.assert_allclose(samples.mean(), 2, atol=0.05)
    np.testing.assert_allclose(samples.std(), 3, rtol=0.01)


def test_azimuth_loss_by_hand():
    told = [[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]], [[0.2, 0.6, 0.2], [0.2, 0.7, 0.1]]]
    error, accuracy = losses.azimuth_loss(jnp.log(jnp.array(told)))
    # View 0 is of azimuth 0, view 1 of azimuth 1.
    expected = -np.log([0.5, 0.8, 0.2, 0.7]).mean()
    np.testing.assert_allclose(error, expected, rtol=1e-6)
    assert accuracy == 0.75

    error, accuracy = losses.azimuth_loss(
        jnp.log(jnp.array(told)), jnp.array([[2, 1], [0, 0]])
    )
    np.testing.assert_allclose(error, -np.log([0.25, 0.8, 0.2, 0.2]).mean(), rtol=1e-6)
    assert accuracy == 0.25


def test_errors_of_cameras_by_hand():
    shares = jnp.array([[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]]])
    told = jnp.array([[[1.0, 0.0, 0.0], [1.5, 0.0, 0.0], [9.0, 9.0, 9.0]]])
    nothing = jnp.zeros((1, 3, 2))
    posterior = Posterior(nothing, nothing, jnp.log(shares), told)
    lens = 2 * np.rad2deg(np.arctan(0.3))
    # From between the first two of three sectors, in the second's middle, unknown.
    cameras = jnp.array([[[60, 30, 2, lens], [120, 30, 2, lens], [np.nan] * 4]])
    errors, angles = losses.camera_errors(posterior, cameras)
    first = -(0.5 * np.log(0.5) + 0.5 * np.log(0.25))
    second = -np.log(0.8) + 0.5**2
    np.testing.assert_allclose(errors[0, :2], [first, second], rtol=1e-4)
    np.testing.assert_allclose(angles[0, :2], [60, 0], atol=1e-4)
    assert jnp.isfinite(errors).all() and jnp.isfinite(angles).all()
