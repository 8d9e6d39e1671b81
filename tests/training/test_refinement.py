import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.helpers import (
    OPEN,
    REFINER,
    assert_trees_close,
    assert_trees_equal,
    cached_setup,
    make_batch,
    tiny_config,
)
from vaegan_jax.models.evidence import read_views
from vaegan_jax.shapes.frames import estimate
from vaegan_jax.training import refinement
from vaegan_jax.training.seen import Seen, see
from vaegan_jax.training.updates import Method

ALONE = OPEN | REFINER | {"train.only_refiner": True}
OTHERS = ("generator", "discriminator", "encoder", "decoder_stats")


def test_alone_it_learns_and_the_others_stay():
    this = cached_setup("mv_vae_gan", ALONE)
    before, batch = this.create(), make_batch(this.config)
    state, _ = this.train_step(this.create(), batch)  # with a learning rate of 0
    state, metrics = this.train_step(state, batch)
    for name in OTHERS:
        assert_trees_equal(getattr(state, name), getattr(before, name))
    moved = jax.tree.map(
        lambda a, b: (a != b).any(), state.refiner.params, before.refiner.params
    )
    assert all(jax.tree.leaves(moved))
    assert {"loss/refiner", "refiner/iou"} <= metrics.keys()
    assert state.step == 2


def test_the_others_learn_what_they_learn_without_it():
    """But for rounding, in another program: R is beside the game of G, D and E."""
    with_it = cached_setup("mv_vae_gan", OPEN | REFINER)
    without = cached_setup("mv_vae_gan", OPEN)
    batch = make_batch(with_it.config)
    state, metrics = with_it.train_step(with_it.create(), batch)
    expected, known = without.train_step(without.create(), batch)
    for name in OTHERS:
        assert_trees_close(
            getattr(state, name), getattr(expected, name), rtol=1e-4, atol=1e-6
        )
    for name, value in known.items():
        np.testing.assert_allclose(metrics[name], value, rtol=1e-4, err_msg=name)


@pytest.mark.slow
def test_it_learns_a_batch_by_heart():
    this = cached_setup("mv_vae_gan", ALONE)
    state, batch = this.create(), make_batch(this.config)
    losses = []
    for _ in range(60):
        state, metrics = this.train_step(state, batch)
        losses.append(float(metrics["loss/refiner"]))
    assert losses[-1] < 0.5 * losses[0]


def test_without_jitter_it_reads_what_is_there():
    config = tiny_config("mv_vae_gan", **REFINER)
    batch = make_batch(config)
    voxels = batch["voxels"][..., None].astype(jnp.float32)
    seen = Seen(batch["views"], batch["cameras"])
    read = jax.jit(lambda key: refinement._read(config, voxels, seen, key))
    scales, middles = estimate(np.asarray(batch["voxels"]))
    expected = read_views(
        *seen[:2],
        jnp.asarray(scales, jnp.float32),
        jnp.asarray(middles, jnp.float32),
        config.model.resolution,
    )
    assert_trees_close(read(jax.random.key(3)), expected, rtol=1e-4, atol=1e-4)


def test_jitter_moves_cameras_by_what_is_asked_for():
    """The mean of harmonics tells where cameras are thought to be."""
    config = tiny_config("mv_vae_gan", **REFINER, **{"augmentation.camera_jitter": 3.0})
    batch = make_batch(config)
    cameras = jnp.zeros((4, 1, 4)).at[..., 2:].set(jnp.asarray([2.6, 24.5]))
    voxels = batch["voxels"][..., None].astype(jnp.float32)
    seen = Seen(batch["views"][:, :1], cameras)
    read = jax.jit(lambda key: refinement._read(config, voxels, seen, key).views)
    harmonics = np.concatenate([read(jax.random.key(k)) for k in range(100)])
    x, z = np.rad2deg(np.arcsin(harmonics[:, [1, 3]])).T
    assert 2.6 < x.std() < 3.4
    assert 2.6 < z.std() < 3.4


def test_latents_go_part_of_the_way_to_another_shape():
    config = tiny_config("mv_vae_gan", **REFINER, **{"augmentation.latent_mix": 0.5})
    this = cached_setup("mv_vae_gan", OPEN | REFINER)
    seen_latents = []

    class Spy:
        def apply(self, variables, latents, train):
            seen_latents.append(latents)
            return jnp.zeros((len(latents), 8, 8, 8, 1))

    method = Method(config, this.networks._replace(generator=Spy()), this.optimizers)
    latents = jnp.asarray(np.random.default_rng(0).normal(size=(4, 6)), jnp.float32)
    refinement._decode(method, this.create(), latents, jax.random.key(1))
    way = np.roll(latents, -1, 0) - latents
    shares = (np.asarray(seen_latents[0]) - latents) / way
    np.testing.assert_allclose(shares, shares[:, :1].repeat(6, 1), rtol=1e-3)
    assert ((shares >= 0) & (shares <= 0.5)).all()
    assert len(np.unique(shares[:, 0].round(4))) == 4


def test_cameras_follow_the_views_that_are_encoded():
    config = tiny_config("mv_vae_gan", **REFINER)
    config.data.encoded_views = 2  # as with heads of azimuths
    batch = make_batch(config)
    batch["cameras"] = jnp.tile(jnp.arange(3.0)[:, None], (4, 1, 4))
    seen = see(config, batch, jax.random.key(0))
    np.testing.assert_array_equal(seen.cameras[..., 0], seen.azimuths)
    for shape, chosen in enumerate(seen.azimuths):
        np.testing.assert_array_equal(seen.views[shape], batch["views"][shape, chosen])
