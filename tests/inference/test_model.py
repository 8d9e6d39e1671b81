"""Loading models, and what they make of latents, views and pictures."""

import dataclasses
import json
import shutil

import jax.numpy as jnp
import numpy as np
import pytest

import vaegan_jax
from tests.helpers import REFINER
from tests.using import make_lively, make_model, make_picture, make_workdir
from vaegan_jax.errors import UserError
from vaegan_jax.inference.functions import decode_function, refine_function
from vaegan_jax.inference.latent_mixture import LatentMixture


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    return make_workdir(tmp_path_factory.mktemp("run"), "mv_vae_gan")


def test_load_sample_and_reconstruct(workdir, tmp_path):
    """What the README shows."""
    model = vaegan_jax.load(workdir)
    shapes = model.sample(3)
    assert shapes.shape == (3, 8, 8, 8) and shapes.dtype == np.float32
    assert 0 <= shapes.min() < shapes.max() <= 1
    a, b, c = (make_picture(tmp_path / f"{i}.png", i) for i in range(3))
    both = model.reconstruct([[a, b, c], [str(b)]])
    assert both.shape == (2, 8, 8, 8)
    views = model.fit_views([a, b, c])
    assert views.shape == (3, 32, 32, 1) and views.dtype == np.uint8
    np.testing.assert_allclose(model.reconstruct(views[None])[0], both[0], atol=1e-5)
    backwards = views[None, ::-1]
    for array in (backwards.copy(), jnp.asarray(backwards)):
        np.testing.assert_allclose(model.reconstruct(array), both[:1], atol=1e-5)


def test_samples_keep_their_numbers_and_truncation_scales(workdir):
    model = vaegan_jax.load(workdir)
    latents = model.draw_latents(5, seed=3)
    np.testing.assert_array_equal(model.draw_latents(2, seed=3), latents[:2])
    np.testing.assert_array_equal(
        model.draw_latents(5, 3, 0.5), latents * np.float32(0.5)
    )
    alike = model.sample(3, truncation=0.0)
    np.testing.assert_allclose(alike, alike[[0, 0, 0]], atol=1e-6)
    with pytest.raises(UserError, match="truncation is -1"):
        model.sample(1, truncation=-1.0)


def test_views_that_do_not_fit_are_refused():
    model = make_model("mv_vae_gan")
    for shape in ((1, 2, 64, 64), (1, 0, 32, 32), (0, 2, 32, 32), (1, 2, 32, 96)):
        with pytest.raises(UserError, match="32 × 32 × 1"):
            model.reconstruct(np.zeros((*shape, 1), np.uint8))
    with pytest.raises(UserError, match="there is no picture"):
        model.reconstruct([[]])
    with pytest.raises(UserError, match="0 shapes cannot be drawn"):
        model.sample(0)


def test_a_plain_gan_does_not_reconstruct(tmp_path):
    with pytest.raises(UserError, match="no encoder"):
        make_model("gan").reconstruct([[make_picture(tmp_path / "a.png")]])


def test_what_is_no_work_directory_is_named(tmp_path, workdir):
    with pytest.raises(UserError, match="is not a work directory"):
        vaegan_jax.load(tmp_path)
    with pytest.raises(UserError, match="is not a work directory"):
        vaegan_jax.load(tmp_path / "none")
    shutil.copy(workdir / "config.json", tmp_path)
    with pytest.raises(UserError, match="holds no checkpoint"):
        vaegan_jax.load(tmp_path)
    with pytest.raises(UserError, match="has no checkpoint 7; it has 0"):
        vaegan_jax.load(workdir, 7)


@pytest.mark.parametrize(
    "section, field, value",
    [
        ("model", "generator_widths", [5, 8]),
        ("model", "latent_size", 7),
        (None, "algorithm", "gan"),
        ("train", "average_decay", 0.9),
    ],
)
def test_a_checkpoint_of_another_model(workdir, tmp_path, section, field, value, capfd):
    mixed = tmp_path / "mixed"
    shutil.copytree(workdir, mixed)
    config = json.loads((mixed / "config.json").read_text())
    (config[section] if section else config)[field] = value
    if field == "algorithm":
        config["data"]["num_views"] = 0
    (mixed / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="is of another model than its config"):
        vaegan_jax.load(mixed)
    assert "Traceback" not in capfd.readouterr().err


def test_a_config_from_before_fields_were_added(workdir, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(workdir, old)
    config = json.loads((old / "config.json").read_text())
    del config["augmentation"]
    (old / "config.json").write_text(json.dumps(config))
    np.testing.assert_array_equal(
        vaegan_jax.load(old).sample(1), vaegan_jax.load(workdir).sample(1)
    )


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        ("prior", None),
        ("model", {"latent_size": None}),
        ("optimizer", {"schedule_factor": "x"}),
    ],
)
def test_a_config_of_another_version(workdir, tmp_path, part, fields):
    config = json.loads((workdir / "config.json").read_text())
    before = config.pop(part)
    if fields:
        config[part] = before | fields
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="is not of this version"):
        vaegan_jax.load(tmp_path)


def test_new_shapes_are_cleaned_by_a_refiner_that_learnt_to_do_without_views():
    latents = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
    mixture = LatentMixture.fit(latents)
    made = {}
    for blind in (0.0, 0.1):
        fields = {**REFINER, "augmentation.blind": blind}
        model = make_lively(make_model("mv_vae_gan", **fields))
        model = dataclasses.replace(model, mixture=mixture)
        made[blind] = model.generate(latents)
        np.testing.assert_allclose(model.decode(latents), made[0.0], atol=1e-6)
    # As of a view that is not read, for want of its camera.
    views = jnp.full((3, 1, 32, 32, 1), 255, jnp.uint8)
    unknown = jnp.full((3, 1, 4), jnp.nan)
    networks, variables = model.networks, model.variables
    given = jnp.asarray(latents), views, unknown
    expected = refine_function(networks, variables, *given)
    np.testing.assert_allclose(made[0.1], expected, atol=1e-5)
    assert not np.allclose(made[0.1], made[0.0], atol=0.01)
    of_prior = dataclasses.replace(model, mixture=None).generate(latents)
    of_generator = (networks.generator, variables["generator"], given[0])
    np.testing.assert_allclose(of_prior, decode_function(*of_generator), atol=1e-6)
