"""One whole training step of each model against the same step in PyTorch."""

import jax
import numpy as np
import pytest
from helpers import ALGORITHMS, OPEN, assert_trees_close, cached_setup, make_batch

from vaegan_jax.benchmark.pytorch_networks import tensor, to_flax
from vaegan_jax.benchmark.pytorch_step import Draws, PyTorchStep
from vaegan_jax.prior import build_prior

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


def draws_of(config, state) -> Draws:
    """What the JAX step draws."""
    keys = jax.random.split(jax.random.fold_in(state.rng, state.step), 4)
    size, latent = config.train.batch_size, config.model.latent_size
    prior = build_prior(config)
    bounds = (config.loss.real_labels, config.loss.fake_labels)
    if not config.loss.soft_labels:
        bounds = ((1.0, 1.0), (0.0, 0.0))
    labels = [
        jax.random.uniform(key, (size,), minval=low, maxval=high)
        for key, (low, high) in zip(jax.random.split(keys[1]), bounds, strict=True)
    ]
    noise = jax.random.normal(keys[2], (size, config.data.num_views, latent))
    latents = [prior.sample(keys[i], size, latent) for i in (0, 3)]
    return Draws(*(tensor(x) for x in (*latents, *labels, noise)))


@pytest.mark.parametrize(
    "algorithm, variant, way",
    [
        *((name, {}, "published") for name in ALGORITHMS),
        ("gan", {}, "best"),
        ("vae_gan", {}, "best"),
        # The best PyTorch shares BatchNorm statistics between views.
        ("mv_vae_gan", {"model.view_encoding": "fold_joint"}, "best"),
        ("mv_vae_gan", VARIANT, "published"),
    ],
)
def test_a_whole_step_equals_pytorch(algorithm, variant, way):
    this = cached_setup(algorithm, OPEN | variant)
    batch, start = make_batch(this.config), this.create()
    peer = PyTorchStep(this.config, start, way, channels_last=way == "best")
    views = tensor(batch["views"]) if algorithm != "gan" else None
    losses = peer(tensor(batch["voxels"]), views, draws_of(this.config, start))
    state, metrics = this.train_step(start, batch)
    for name, loss in losses.items():
        np.testing.assert_allclose(metrics[name], loss.item(), rtol=1e-3)
    for name, params in peer.params.items():
        # After one step Adam's first moment is (1 - β1) times the gradient.
        moments = jax.tree.map(
            lambda p, name=name: peer.optimizers[name].state[p]["exp_avg"], params
        )
        expected, net = to_flax(moments), getattr(state, name)
        scale = max(abs(m).max() for m in jax.tree.leaves(expected))
        assert_trees_close(net.opt_state.mu, expected, rtol=5e-3, atol=1e-4 * scale)
    running = {name: getattr(state, name).batch_stats for name in peer.params}
    running |= {"decoder": state.decoder_stats} if algorithm != "gan" else {}
    for name, stats in running.items():
        expected = jax.tree.map(lambda x: x.numpy(), peer.stats[name])
        assert_trees_close(stats, expected, rtol=2e-3, atol=1e-4)
