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
from vaegan_jax.models.evidence import no_evidence, read_views
from vaegan_jax.shapes.frames import estimate
from vaegan_jax.training import refinement
from vaegan_jax.training.seen import Seen, see
from vaegan_jax.training.updates import Method

ALONE = OPEN | REFINER | {"train.only_refiner": True}
OTHERS = ("generator", "discriminator", "encoder", "decoder_stats")


def test_alone_it_learns_and_the_others_stay():
    this = cached_setup("mv_vae_gan", ALONE)
    before, batch = this.create(), make_batch(this.config)
    state = this.create()
    for _ in range(2):  # the first from last layers of 0
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


def test_the_others_learn_from_views_as_large_as_e_sees():
    """R alone reads more: these are the same views, four pixels of each."""
    larger = {"model.image_size": 64, "model.encoder_image_size": 32}
    large = cached_setup("mv_vae_gan", OPEN | REFINER | larger)
    small = cached_setup("mv_vae_gan", OPEN | REFINER)
    batch = make_batch(small.config)
    expected, _ = small.train_step(small.create(), batch)
    views = batch["views"].repeat(2, 2).repeat(2, 3)
    state, _ = large.train_step(large.create(), batch | {"views": views})
    for name in OTHERS:
        assert_trees_close(
            getattr(state, name), getattr(expected, name), rtol=1e-4, atol=1e-6
        )


@pytest.mark.slow
def test_it_learns_a_batch_by_heart():
    this = cached_setup("mv_vae_gan", ALONE | {"optimizer.refiner_lr": 0.03})
    state, batch = this.create(), make_batch(this.config)
    losses = []
    for _ in range(100):
        state, metrics = this.train_step(state, batch)
        losses.append(float(metrics["loss/refiner"]))
    assert losses[-1] < 0.5 * losses[0]


def test_without_jitter_it_reads_what_is_there():
    config = tiny_config("mv_vae_gan", **REFINER)
    batch = make_batch(config)
    seen = Seen(batch["views"], batch["cameras"])
    frame = jax.tree.map(jnp.float32, estimate(np.asarray(batch["voxels"])))
    key = jax.random.key(3)
    moved = refinement._move_cameras(config, seen, key)
    assert_trees_equal(moved.cameras, seen.cameras)
    made = jax.jit(lambda key: refinement._read(config, frame, seen, key))(key)
    expected = read_views(*seen[:2], *frame, config.model.resolution)
    assert_trees_close(made, expected, rtol=1e-4, atol=1e-4)


def test_jitter_moves_cameras_of_a_shape_by_up_to_what_is_asked_for():
    config = tiny_config("mv_vae_gan", **REFINER, **{"augmentation.camera_jitter": 3.0})
    seen = Seen(jnp.zeros((200, 100, 1, 1, 1), jnp.uint8), jnp.zeros((200, 100, 4)))
    moved = refinement._move_cameras(config, seen, jax.random.key(0)).cameras
    assert not moved[..., 2:].any()
    np.testing.assert_allclose(moved[..., :2].mean(), 0, atol=0.05)
    deviations = np.sort(moved[..., :2].std((1, 2)))  # from 0 to 3, evenly
    np.testing.assert_allclose(deviations, np.linspace(0, 3, 200), atol=0.4)


def test_it_learns_where_grids_are():
    this = cached_setup("mv_vae_gan", ALONE)
    state, batch = this.create(), make_batch(this.config)
    voxels = np.zeros_like(batch["voxels"])
    for shape, width in enumerate((1, 2, 4, 8)):
        voxels[shape, :width, :, :width] = 1
    batch |= {"voxels": jnp.asarray(voxels)}
    errors = []
    for _ in range(60):
        state, metrics = this.train_step(state, batch)
        errors.append(float(metrics["refiner/scale_error"]))
    assert errors[-1] < 0.5 * errors[0]


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
    blind = jnp.array([False, False, True, False])
    refinement._decode(method, this.create(), latents, blind, jax.random.key(1))
    way = np.roll(latents, -1, 0) - latents
    shares = (np.asarray(seen_latents[0]) - latents) / way
    np.testing.assert_allclose(shares, shares[:, :1].repeat(6, 1), rtol=1e-3)
    assert ((shares >= 0) & (shares <= 0.5)).all()
    assert shares[2, 0] == 0, "of which nothing else tells"
    assert len(np.unique(shares[:, 0].round(4))) == 4


def test_of_some_shapes_it_sees_no_view():
    config = tiny_config("mv_vae_gan", **REFINER, **{"augmentation.blind": 0.25})
    blind = refinement._draw_blind(config, 4000, jax.random.key(0))
    assert abs(blind.mean() - 0.25) < 0.03
    batch = make_batch(config)
    blind = jnp.array([True, False, False, False])
    seen = refinement._hide(Seen(batch["views"], batch["cameras"]), blind)
    frame = jax.tree.map(jnp.float32, estimate(np.asarray(batch["voxels"])))
    read = refinement._read(config, frame, seen, jax.random.key(0))
    nothing = no_evidence(4, config.model.resolution)
    for of_views, without in zip(read, nothing, strict=True):
        np.testing.assert_array_equal(of_views[0], without[0])
        assert (np.asarray(of_views[1:]) != np.asarray(without[1:])).any()


def test_cameras_follow_the_views_that_are_encoded():
    config = tiny_config("mv_vae_gan", **REFINER)
    config.data.encoded_views = 2  # as with heads of azimuths
    batch = make_batch(config)
    batch["cameras"] = jnp.tile(jnp.arange(3.0)[:, None], (4, 1, 4))
    seen = see(config, batch, jax.random.key(0))
    np.testing.assert_array_equal(seen.cameras[..., 0], seen.azimuths)
    for shape, chosen in enumerate(seen.azimuths):
        np.testing.assert_array_equal(seen.views[shape], batch["views"][shape, chosen])
