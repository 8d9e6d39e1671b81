import functools
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from tests.helpers import AZIMUTHS, Setup, assert_trees_close, make_batch, tiny_config
from vaegan_jax.models.encoder import Posterior
from vaegan_jax.models.multiview import (
    Pooling,
    choose_views,
    draw_views,
    encode_views,
    expected_latent,
    pool_views,
)


@functools.cache
def encode(how, num_views=3, train=True):
    """Outputs, running statistics and parameter gradients."""
    setup = Setup(tiny_config("mv_vae_gan"))
    encoder = setup.create().encoder
    views = make_batch(setup.config, num_views=num_views)["views"]

    def function(params):
        posterior, statistics = encode_views(
            setup.networks.encoder,
            encoder.replace(params=params).variables,
            views,
            train=train,
            how=how,
        )
        # Different weights for each view and shape: a mix-up would be seen.
        weights = jnp.arange(posterior.mean.size).reshape(posterior.mean.shape)
        loss = (weights * (posterior.mean + posterior.log_variance**2)).mean()
        return loss, (posterior, statistics)

    # Compiled as a whole: operation by operation takes ten times as long.
    gradient = jax.jit(jax.grad(function, has_aux=True))
    gradients, outputs = gradient(encoder.params)
    return outputs, gradients


@pytest.mark.parametrize("num_views", [pytest.param(1, marks=pytest.mark.slow), 3])
@pytest.mark.parametrize("how", ["fold", "vmap"])
def test_vectorised_encoding_means_what_the_loop_means(how, num_views):
    (posterior, statistics), gradients = encode(how, num_views)
    (expected, expected_statistics), expected_gradients = encode("loop", num_views)
    assert posterior.mean.shape == (4, num_views, 6)
    assert_trees_close(posterior, expected, rtol=1e-3, atol=1e-5)
    assert_trees_close(statistics, expected_statistics, rtol=1e-3, atol=1e-5)
    scale = max(abs(g).max() for g in jax.tree.leaves(expected_gradients))
    assert_trees_close(gradients, expected_gradients, rtol=2e-3, atol=1e-4 * scale)


def test_joint_statistics_are_another_model():
    (joint, _), _ = encode("fold_joint")
    (per_view, _), _ = encode("fold")
    assert abs(joint.mean - per_view.mean).max() > 1e-3


def test_all_ways_agree_in_evaluation_and_keep_the_statistics():
    (expected, before), _ = encode("loop", train=False)
    for how in ("fold", "vmap", "fold_joint"):
        (posterior, statistics), _ = encode(how, train=False)
        assert_trees_close(posterior, expected)
        assert_trees_close(statistics, before, rtol=0, atol=0)


@pytest.mark.parametrize("num_views", [1, 2, 5, 20])
def test_any_number_of_views_at_evaluation(num_views):
    (posterior, _), _ = encode("fold", num_views, train=False)
    assert expected_latent(posterior, "mean").shape == (4, 6)


@pytest.mark.parametrize("pooling", get_args(Pooling))
def test_pooling_by_hand_and_in_any_order(pooling):
    latents = jnp.array([[[1.0, 5], [3, 4], [8, 0]]])
    # Variances 1, ½ and ¼ in the first column: weights 1, 2 and 4 of 7.
    log_variance = -jnp.log(jnp.array([[[1.0, 1], [2, 1], [4, 1]]]))
    expected = {"mean": [[4.0, 3]], "max": [[8.0, 5]], "precision": [[39 / 7, 3]]}
    for order in (slice(None), slice(None, None, -1)):
        pooled = pool_views(latents[:, order], log_variance[:, order], pooling)
        np.testing.assert_allclose(pooled, expected[pooling], rtol=1e-6)


@pytest.mark.parametrize("pooling", get_args(Pooling))
def test_pooling_the_chosen_views_is_pooling_without_the_others(pooling):
    rng = np.random.default_rng(2)
    latents, log_variance = jnp.asarray(rng.normal(size=(2, 3, 5, 4)), jnp.float32)
    chosen = jnp.array([[1, 0, 1, 0, 0], [0, 0, 0, 1, 0], [1, 1, 1, 1, 1]]) > 0

    def pool(latents):
        return pool_views(latents, log_variance, pooling, chosen)

    for shape, kept in enumerate(chosen):
        expected = pool_views(
            latents[shape : shape + 1, kept],
            log_variance[shape : shape + 1, kept],
            pooling,
        )
        np.testing.assert_allclose(pool(latents)[shape], expected[0], rtol=1e-5)
    gradient = jax.grad(lambda latents: pool(latents).sum())(latents)
    assert np.isfinite(gradient).all() and not gradient[~chosen].any()


@pytest.mark.parametrize("count, fewest, most", [(12, 1, 6), (12, 4, 6), (3, 2, 2)])
def test_some_shapes_keep_all_views_and_the_others_few(count, fewest, most):
    chosen = np.asarray(choose_views(jax.random.key(0), 20_000, count, fewest))
    numbers = chosen.sum(1)
    few = numbers[numbers < count]
    np.testing.assert_allclose((numbers == count).mean(), 0.4, atol=0.02)
    assert set(few) == set(range(fewest, most + 1))
    frequencies = np.bincount(few, minlength=most + 1)[fewest:]
    assert (np.diff(frequencies) < 0).all()  # few more often than many
    share = chosen[numbers < count].mean(0)
    np.testing.assert_allclose(
        share, share.mean(), rtol=0.1
    )  # no view more than others


@pytest.mark.parametrize("how, count", [("fold", 3), ("loop", 3), ("fold_joint", 2)])
def test_an_encoder_that_tells_azimuths_must_get_each_at_its_place(how, count):
    setup = Setup(tiny_config("mv_vae_gan", **AZIMUTHS))
    views = jnp.zeros((3, count, 32, 32, 1), jnp.uint8)
    encoder = setup.networks.encoder
    with pytest.raises(ValueError, match=f"{count} views .* by {how}; .* from all 3"):
        encode_views(encoder, {"batch_stats": {}}, views, train=True, how=how)


@pytest.mark.slow
def test_views_of_told_azimuths_are_encoded_in_any_order():
    """In another order for each shape; BatchNorm sees all of them at once."""
    setup = Setup(tiny_config("mv_vae_gan", **AZIMUTHS))
    encoder, variables = setup.networks.encoder, setup.create().encoder.variables
    views = make_batch(setup.config)["views"]
    azimuths = jnp.array([[2, 0, 1]] * 2 + [[1, 2, 0]] * (len(views) - 2))
    in_order, _ = encode_views(encoder, variables, views, train=True, how="fold_joint")
    moved = jnp.take_along_axis(views, azimuths[..., None, None, None], 1)
    told, _ = encode_views(
        encoder, variables, moved, train=True, how="fold_joint", azimuths=azimuths
    )
    expected = jnp.take_along_axis(in_order.mean, azimuths[..., None], 1)
    np.testing.assert_allclose(told.mean, expected, atol=1e-5)


@pytest.mark.parametrize("wanted", [1, 3, 4])
def test_views_to_encode_are_different_and_all_as_likely(wanted):
    drawn = np.asarray(draw_views(jax.random.key(1), 8_000, 4, wanted))
    assert drawn.shape == (8_000, wanted)
    assert all(len(set(row)) == wanted for row in drawn.tolist())
    for place in range(wanted):
        shares = np.bincount(drawn[:, place], minlength=4) / len(drawn)
        np.testing.assert_allclose(shares, 0.25, atol=0.03)


def test_all_views_are_all_views():
    assert choose_views(jax.random.key(0), 100, 4, fewest=4).all()


def test_precision_pooling_is_the_product_of_the_posteriors():
    rng = np.random.default_rng(1)
    mean, log_variance = jnp.asarray(rng.normal(size=(2, 1, 3, 1)), jnp.float32)
    x = jnp.linspace(-30, 30, 200_001)
    experts = jax.scipy.stats.norm.pdf(
        x[:, None], mean[0, :, 0], jnp.exp(0.5 * log_variance[0, :, 0])
    )
    density = experts.prod(1)
    expected = (x * density).sum() / density.sum()
    pooled = pool_views(mean, log_variance, "precision")
    np.testing.assert_allclose(pooled[0, 0], expected, rtol=1e-3)


@pytest.mark.parametrize("pooling", get_args(Pooling))
@pytest.mark.parametrize("num_views", [1, 2, 12])
def test_expected_latent_is_the_mean_of_pooled_samples(pooling, num_views):
    rng = np.random.default_rng(0)
    posterior = Posterior(
        jnp.asarray(rng.normal(size=(1, num_views, 4)), jnp.float32),
        jnp.asarray(rng.normal(size=(1, num_views, 4)), jnp.float32),
    )
    keys = jax.random.split(jax.random.key(0), 20_000)

    def sample(key):
        return pool_views(posterior.sample(key), posterior.log_variance, pooling)

    sampled = jax.vmap(sample)(keys)
    actual = expected_latent(posterior, pooling)
    np.testing.assert_allclose(actual, sampled.mean(0), atol=0.04)
    backwards = Posterior(posterior.mean[:, ::-1], posterior.log_variance[:, ::-1])
    np.testing.assert_allclose(expected_latent(backwards, pooling), actual, atol=1e-5)


def test_the_expected_maximum_is_exact_for_very_unequal_deviations():
    rng = np.random.default_rng(0)
    mean = np.concatenate([[[0, 0.05], [0, 3], [1, 1]], rng.normal(size=(9, 2))])
    deviation = np.concatenate(
        [[[1, 0.01], [5, 0.001], [1, 1]], np.exp(rng.normal(size=(9, 2), scale=3))]
    )
    for (a, b), (s, t) in zip(mean, deviation, strict=True):
        # Clark 1961, https://doi.org/10.1287/opre.9.2.145, equation 3.
        spread = np.hypot(s, t)
        z = (a - b) / spread
        cdf, pdf = scipy.stats.norm.cdf, scipy.stats.norm.pdf
        exact = a * cdf(z) + b * cdf(-z) + spread * pdf(z)
        posterior = Posterior(
            jnp.array([[[a], [b]]], jnp.float32),
            2 * jnp.log(jnp.array([[[s], [t]]], jnp.float32)),
        )
        actual = float(expected_latent(posterior, "max")[0, 0])
        assert abs(actual - exact) < 2e-5 * max(s, t, abs(exact))


def test_expected_maximum_of_two_standard_normals():
    zeros = jnp.zeros((1, 2, 1))
    # E[max(a, b)] = 1 / √π.
    actual = expected_latent(Posterior(zeros, zeros), "max")
    np.testing.assert_allclose(actual, np.pi**-0.5, atol=1e-5)
