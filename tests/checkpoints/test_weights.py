import dataclasses
import json
import pathlib

import jax
import numpy as np
import pytest
from flax.traverse_util import flatten_dict, unflatten_dict

import vaegan_jax
from tests.helpers import REFINER, make_examples, write_packed
from tests.using import make_lively, make_model, make_workdir
from vaegan_jax.checkpoints import weights
from vaegan_jax.checkpoints.config_file import save_config
from vaegan_jax.errors import UserError
from vaegan_jax.evaluate.evaluation import evaluate
from vaegan_jax.evaluate.subject import Options
from vaegan_jax.inference.export import write_weights
from vaegan_jax.inference.likeness import like_examples
from vaegan_jax.shapes.cameras import Camera, numbers_of


@pytest.fixture(scope="module")
def model():
    paths = dict.fromkeys(("data.dir", "train.initial_model"), "/somewhere/here")
    return make_model("mv_vae_gan", **paths)


@pytest.fixture
def folder(model, tmp_path):
    write_weights(model, tmp_path / "model")
    return tmp_path / "model"


def test_weights_are_loaded_as_a_work_directory(model, folder):
    loaded = vaegan_jax.load(folder)
    assert loaded.step == model.step
    # Kernels are rounded to 8 bits of mantissa, and nothing else changes.
    expected = jax.tree.leaves_with_path(model.variables)
    for (path, ours), theirs in zip(
        expected, jax.tree.leaves(loaded.variables), strict=True
    ):
        tolerance = 2**-8 if ours.ndim > 1 else 0
        np.testing.assert_allclose(theirs, ours, rtol=tolerance, err_msg=str(path))
    views = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32, 1), np.uint8)
    np.testing.assert_allclose(
        loaded.reconstruct(views), model.reconstruct(views), atol=0.05
    )
    assert loaded.sample(2).shape == (2, 8, 8, 8)


def test_what_cannot_be_read_again_takes_no_place(model, folder, monkeypatch):
    """A disk that loses a byte of what it is given."""
    write = pathlib.Path.write_bytes
    monkeypatch.setattr(pathlib.Path, "write_bytes", lambda p, b: write(p, b[:-1]))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(UserError, match=r"safetensors is not kept, for what was"):
        write_weights(model, folder)
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_an_earlier_export_drew_from_is_forgotten(model, folder):
    like = like_examples(model, make_examples(5))
    write_weights(like, folder)
    drawn = vaegan_jax.load(folder).draw_latents(2)
    np.testing.assert_array_equal(drawn, like.draw_latents(2))
    write_weights(model, folder)
    assert vaegan_jax.load(folder).mixture is None


def test_a_plain_gan_too(tmp_path):
    model = make_model("gan")
    write_weights(model, tmp_path)
    assert vaegan_jax.load(tmp_path).networks.encoder is None


def test_a_refiner_too(tmp_path):
    model = make_lively(make_model("vae_gan", **REFINER))
    write_weights(model, tmp_path / "model")
    loaded = vaegan_jax.load(tmp_path / "model")
    views = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32, 1), np.uint8)
    cameras = np.tile(numbers_of(Camera(3).views()), (2, 1, 1))
    refined = loaded.reconstruct(views, cameras)
    np.testing.assert_allclose(refined, model.reconstruct(views, cameras), atol=0.05)
    plain = model.decode(model.encode(views))
    assert not np.allclose(refined, plain, atol=0.1)
    # Beside the config.json of a model with another refiner, or with none.
    path = tmp_path / "model" / "config.json"
    config = json.loads(path.read_text())
    for field, value in (("refiner_widths", (4, 5)), ("refiner", "none")):
        config["model"][field] = value
        path.write_text(json.dumps(config))
        with pytest.raises(UserError, match="of another model"):
            vaegan_jax.load(tmp_path / "model")


def test_paths_of_this_machine_are_not_given_away(folder):
    text = (folder / "config.json").read_text()
    assert json.loads(text)["data"]["dir"] is None and "/somewhere" not in text


def test_all_files_may_be_read_by_whom_the_first_may(folder):
    modes = {path.stat().st_mode for path in folder.iterdir()}
    assert len(modes) == 1, modes


def test_a_training_run_is_not_written_over(model, tmp_path):
    workdir = make_workdir(tmp_path / "run", "mv_vae_gan")
    before = (workdir / "config.json").read_bytes()
    with pytest.raises(UserError, match="holds a training run"):
        write_weights(model, workdir)
    assert (workdir / "config.json").read_bytes() == before


def test_they_are_of_one_step_alone(model, folder):
    assert vaegan_jax.load(folder, "latest").step == model.step
    assert vaegan_jax.load(folder, str(model.step)).step == model.step
    for other in ("best", 7):
        with pytest.raises(UserError, match=f"of step 0 alone, not {other}"):
            vaegan_jax.load(folder, other)


def test_weights_of_another_model_are_refused(folder, tmp_path):
    write_weights(make_model("mv_vae_gan", **{"model.latent_size": 5}), tmp_path / "b")
    (tmp_path / "b" / weights.FILE).replace(folder / weights.FILE)
    with pytest.raises(UserError, match="of another model") as told:
        vaegan_jax.load(folder)
    assert "damaged" not in str(told.value)


@pytest.mark.parametrize("change", ["cut", "garble", "empty"])
def test_damaged_weights_are_named(folder, change):
    path: pathlib.Path = folder / weights.FILE
    data = path.read_bytes()
    changed = {"cut": data[:-100], "garble": b"\xff" * 8 + data[8:], "empty": b""}
    path.write_bytes(changed[change])
    with pytest.raises(UserError, match=r"weights\.safetensors is damaged"):
        vaegan_jax.load(folder)


def test_what_has_diverged_is_named(model, tmp_path):
    """Its cameras would be looked for without end."""
    name = ("encoder", "params", "mean", "kernel")
    variables = flatten_dict(model.variables)
    variables[name] = variables[name].at[0, 0].set(np.nan)
    diverged = dataclasses.replace(model, variables=unflatten_dict(variables))
    weights.write(diverged.variables, 0, tmp_path)
    save_config(tmp_path, model.config)
    with pytest.raises(UserError, match=r"not finite, in encoder/params/mean/kernel"):
        vaegan_jax.load(tmp_path)


@pytest.mark.slow
def test_they_are_evaluated_on_a_data_set_that_is_named(folder, tmp_path):
    data = tmp_path / "data.npz"
    write_packed(data, make_examples(count=5), ("train", "validation"))
    options = Options(data_dir=str(data), draws=1, sets=1)
    measured = evaluate(folder, options)
    assert measured.about["data"] == str(data) and len(measured.reconstruction) > 2
    # Of the same shapes in another file the threshold is chosen on them as well.
    known = tmp_path / "known.npz"
    for seed in (0, 1):
        write_packed(known, make_examples(5, seed=seed), ("train", "validation"))
        again = evaluate(folder, dataclasses.replace(options, training_data=str(known)))
        assert again.about["threshold_is_optimistic"] == (seed == 0)
    with pytest.raises(UserError, match="without a discriminator"):
        evaluate(folder, dataclasses.replace(options, labels="category"))
