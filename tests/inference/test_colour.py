"""A model of three channels, from its configuration to what people make with it."""

import numpy as np
import pytest

from tests.helpers import Setup, assert_trees_equal, make_batch, tiny_config
from tests.using import make_model, make_picture
from vaegan_jax.checkpoints.checkpoint import Checkpoints, abstract_state
from vaegan_jax.checkpoints.config_file import save_config
from vaegan_jax.errors import UserError
from vaegan_jax.inference.export import check_exported, export_model
from vaegan_jax.inference.interpolate import find_latents
from vaegan_jax.inference.loading import load
from vaegan_jax.inference.reconstruct import reconstruct_pictures
from vaegan_jax.inference.shape_files import ShapeWriter

COLOUR = {"model.image_channels": 3}


@pytest.mark.parametrize(
    "algorithm, convolution",
    [
        pytest.param("vae_gan", "winograd", marks=pytest.mark.slow),  # compiles long
        ("mv_vae_gan", "plain"),
    ],
)
def test_a_step_learns_from_all_channels(algorithm, convolution):
    config = tiny_config(algorithm, **COLOUR | {"model.convolution": convolution})
    setup = Setup(config)
    state = setup.create()
    kernel = state.encoder.params["StridedConvolution_0"]["kernel"]
    assert kernel.shape == (5, 5, 3, 3)
    before = np.asarray(kernel)
    state, metrics = setup.train_step(state, make_batch(config))
    change = np.asarray(state.encoder.params["StridedConvolution_0"]["kernel"]) - before
    assert all(np.isfinite(value) for value in metrics.values())
    assert (np.abs(change).max((0, 1, 3)) > 0).all()


def test_a_checkpoint_is_restored_and_a_run_goes_on(tmp_path):
    setup = Setup(tiny_config("mv_vae_gan", **COLOUR))
    save_config(tmp_path, setup.config)
    state, _ = setup.train_step(setup.create(), make_batch(setup.config))
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state)
    checkpoints.wait()
    restored = checkpoints.restore(abstract_state(setup.create))
    checkpoints.close()
    batch = make_batch(setup.config, seed=1)
    expected, _ = setup.train_step(state, batch)
    assert_trees_equal(setup.train_step(restored, batch)[0], expected)
    assert load(tmp_path).config.model.image_channels == 3


@pytest.fixture(scope="module")
def model():
    return make_model("mv_vae_gan", **COLOUR)


def test_pictures_in_colour_are_seen_in_colour(model, tmp_path):
    picture = make_picture(tmp_path / "a.png")
    views = model.fit_views([picture, picture])
    assert views.shape == (2, 32, 32, 3) and np.ptp(views, axis=-1).max() > 20
    shapes = model.reconstruct([[picture, picture]])
    np.testing.assert_allclose(model.reconstruct(views[None]), shapes, atol=1e-5)
    grey = np.repeat(views.mean(-1, keepdims=True), 3, axis=-1).astype(np.uint8)
    latents = model.encode(views[None])
    difference = np.abs(model.encode(grey[None]) - latents).max()
    assert difference > 1e-3 * np.abs(latents).max()  # which are tiny before training
    latents, sampled = find_latents(model, [str(picture), str(picture)])
    assert latents.shape == (2, 6) and not sampled


def test_views_of_another_number_of_channels_are_refused(model):
    views = np.full((1, 2, 32, 32, 1), 255, np.uint8)
    with pytest.raises(UserError, match=r"32, 1\) do not fit .* of 32 × 32 × 3 of"):
        model.reconstruct(views)
    with pytest.raises(UserError, match=r"32, 3\) do not fit .* of 32 × 32 × 1 of"):
        make_model("vae_gan").encode(np.repeat(views[:, :1], 3, -1))


def test_files_are_written_from_pictures_in_colour(model, tmp_path):
    shapes = {"a": [make_picture(tmp_path / "in/a.png")]}
    reconstruct_pictures(model, shapes, tmp_path / "out", ShapeWriter(formats=("npz",)))
    found = {path.name for path in (tmp_path / "out").iterdir()}
    assert found == {"a.npz", "a.png", "a_seen.png", "cameras.json"}


@pytest.mark.slow
def test_an_exported_program_takes_and_tells_three_channels(model, tmp_path):
    export_model(model, tmp_path)
    told = check_exported(tmp_path)
    assert "encoder.jaxexport: (2, 3, 32, 32, 3) -> (2, 6), " in told
