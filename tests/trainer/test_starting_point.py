"""A training that begins with another's networks."""

import json
import shutil

import jax
import numpy as np
import pytest

from tests.helpers import (
    REFINER,
    Setup,
    assert_trees_close,
    assert_trees_equal,
    tiny_config,
)
from tests.trainer.runs import RING, config_for, final_state, write_data
from tests.using import make_lively, make_model
from vaegan_jax.config.recipes import set_furniture
from vaegan_jax.config.reference import complete, reference_config
from vaegan_jax.distributed.sharding import device_mesh
from vaegan_jax.errors import UserError
from vaegan_jax.inference.export import write_weights
from vaegan_jax.inference.loading import load
from vaegan_jax.trainer import train as driver
from vaegan_jax.trainer.resuming import changed_fields
from vaegan_jax.trainer.starting_point import (
    begin_with,
    describe_origin,
    starting_point,
)

# Nothing that is learnt, so that what a run began with can be seen in it.
STILL = {f"optimizer.{net}_lr": 1e-30 for net in ("generator", "encoder")}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The file of data and the work directory of a finished run on them."""
    folder = tmp_path_factory.mktemp("trained")
    data = write_data(folder, camera=RING)
    assert driver.train(config_for(data), folder / "run") == 0
    return data, folder / "run"


@pytest.mark.parametrize("decay", [0.0, pytest.param(0.9, marks=pytest.mark.slow)])
def test_networks_are_taken_over_where_a_run_could_not_go_on(trained, tmp_path, decay):
    data, run = trained
    changes = {"train.batch_size": 2, "train.average_decay": decay}
    config = config_for(
        data, **STILL | changes | {"train.initial_model": str(run), "seed": 1}
    )
    with pytest.raises(UserError, match="cannot change on the way"):
        driver.train(config, run)
    assert driver.train(config, tmp_path) == 0
    state, model = final_state(config, tmp_path), load(run)
    for net in ("generator", "encoder"):
        ours = getattr(state, net).params
        assert_trees_equal(ours, model.variables[net]["params"])
    noted = json.loads((tmp_path / "data.json").read_text())["initial_model"]
    assert noted["path"] == str(run) and noted["step"] == 6
    assert len(noted["sha256"]) == 64
    assert f"what {run} has learnt in 6 steps" in (tmp_path / "train.log").read_text()
    assert int(state.step) == 6
    assert (state.averages is None) == (decay == 0)
    if decay:  # from the first step on, not from what was drawn at random
        assert_trees_close(state.averages["encoder"]["params"], ours, rtol=1e-5)
    before = final_state(config_for(data), run).discriminator.params
    kernels = [jax.tree.leaves(d)[0] for d in (before, state.discriminator.params)]
    assert not np.allclose(*kernels)


@pytest.mark.slow
def test_a_refiner_learns_alone_from_what_others_have_learnt(trained, tmp_path):
    data, run = trained
    beginning = {"train.initial_model": str(run), "train.only_refiner": True}
    config = config_for(data, **REFINER, **beginning)
    assert driver.train(config, tmp_path) == 0
    state, drawn, model = (
        final_state(config, tmp_path),
        Setup(config).create(),
        load(run),
    )
    for net in ("generator", "encoder"):
        assert_trees_equal(getattr(state, net).variables, model.variables[net])
    assert_trees_equal(state.decoder_stats, model.variables["decoder_stats"])
    assert_trees_equal(state.discriminator, drawn.discriminator)
    learnt, before = (jax.tree.leaves(s.refiner.variables) for s in (state, drawn))
    assert not any(map(np.array_equal, learnt, before))
    # Averages of what does not change are that, but for rounding.
    refiner = state.averages.pop("refiner")
    assert_trees_close(state.averages, model.variables, rtol=1e-5)
    assert_trees_equal(load(tmp_path).variables["refiner"], refiner)

    # A model with a refiner is begun with as a whole.
    config = config_for(data, **REFINER, **{"train.initial_model": str(tmp_path)})
    start = starting_point(config, tmp_path / "new").variables
    assert_trees_equal(start["refiner"], refiner)


@pytest.mark.slow
def test_a_run_that_has_begun_goes_on_from_itself(trained, tmp_path):
    data, run = trained
    start = tmp_path / "start"
    shutil.copytree(run, start)
    config = config_for(data, **{"train.initial_model": str(start)})
    assert starting_point(config, tmp_path / "new") is not None
    assert driver.train(config, tmp_path / "new") == 0
    shutil.rmtree(start)
    config = config_for(
        data, **{"train.initial_model": str(start), "train.num_steps": 7}
    )
    assert driver.train(config, tmp_path / "new") == 0
    assert int(final_state(config, tmp_path / "new").step) == 7


@pytest.mark.slow
def test_what_a_broken_off_save_leaves_is_no_beginning(trained, tmp_path):
    data, run = trained
    config = config_for(data, **STILL | {"train.initial_model": str(run)})
    (tmp_path / "checkpoints" / "3.orbax-checkpoint-tmp").mkdir(parents=True)
    assert driver.train(config, tmp_path) == 0
    ours = final_state(config, tmp_path).generator.params
    theirs = load(run).variables["generator"]["params"]
    assert_trees_close(ours, theirs, rtol=1e-5)


def test_it_comes_too_late_for_a_run_that_has_begun(trained, tmp_path):
    data, run = trained
    shutil.copytree(run, tmp_path / "run")
    config = config_for(data, **{"train.initial_model": str(run)})
    (told,) = changed_fields(tmp_path / "run", config)
    assert told.startswith("config.train.initial_model") and "ignored" in told


def test_a_field_of_an_older_version_is_told_of(trained, tmp_path):
    data, run = trained
    shutil.copytree(run, tmp_path / "run")
    path = tmp_path / "run" / "config.json"
    saved = json.loads(path.read_text())
    saved["loss"]["adversarial"] = "relativistic"
    path.write_text(json.dumps(saved))
    (told,) = changed_fields(tmp_path / "run", config_for(data))
    assert told == "config.loss.adversarial is no longer there, was 'relativistic'"


def test_a_refiner_is_taken_over_as_well_or_begins_anew(tmp_path):
    given = make_lively(make_model("mv_vae_gan", **REFINER))
    write_weights(given, tmp_path / "with")
    write_weights(make_model("mv_vae_gan"), tmp_path / "without")
    setup = Setup(tiny_config("mv_vae_gan", **REFINER, **{"train.average_decay": 0.9}))
    states = {}
    for name in ("with", "without"):
        setup.config.train.initial_model = str(tmp_path / name)
        start = starting_point(setup.config, tmp_path / "new").variables
        states[name] = begin_with(setup.create(), start, device_mesh())
    drawn, taken = setup.create().refiner, load(tmp_path / "with").variables
    assert_trees_equal(states["with"].refiner.variables, taken["refiner"])
    assert_trees_equal(states["with"].averages["refiner"], taken["refiner"])
    assert_trees_equal(states["without"].refiner, drawn)
    assert_trees_equal(states["with"].refiner.opt_state, drawn.opt_state)

    plain = tiny_config("mv_vae_gan", **{"train.initial_model": str(tmp_path / "with")})
    with pytest.raises(UserError, match="refiner = 'unet', not 'none'"):
        starting_point(plain, tmp_path / "new")


@pytest.mark.parametrize("variant", ["tuned", "sharp"])
def test_what_comes_with_the_library_can_be_begun_with(tmp_path, variant):
    """Also with larger views: E sees them as large as before, and R reads any."""
    config = complete(set_furniture(reference_config("mv_vae_gan"), variant))
    start = starting_point(config, tmp_path)
    assert_trees_equal(start.variables, load().variables)
    assert start.origin["path"] == "pretrained" and start.origin["step"] > 1000
    assert not config.train.only_refiner  # E, G and D learn on, too


@pytest.mark.parametrize(
    "fields, message",
    [
        (
            {"model.latent_size": 5, "model.generator_widths": (6, 4)},
            r"those that are to be trained: it has config.model.latent_size = 6, not 5"
            r", config.model.generator_widths = \(5, 4\), not \(6, 4\); set these here",
        ),
        ({"model.pooling": "max"}, "model.pooling = 'mean', not 'max'"),
        ({"prior.scale": 1.0}, "prior.scale = 0.33, not 1.0"),
        ({"train.initial_model": "nowhere"}, "nowhere is not a work directory"),
        ({"train.initial_model": "pretrained"}, "is pretrained, whose networks are"),
        ({"train.initial_model": "hf://a"}, "hf://a is no address of a model"),
    ],
)
def test_what_cannot_be_begun_with(trained, tmp_path, fields, message):
    data, run = trained
    config = config_for(data, **{"train.initial_model": str(run)} | fields)
    with pytest.raises(UserError, match=message):
        driver.train(config, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_a_model_may_have_learnt_is_told():
    """Of exported weights nobody knows, but of those that come with the library."""
    config = tiny_config("mv_vae_gan", **{"data.dir": "mine.npz"})
    origin = {"path": "pretrained", "step": 9, "data": None, "choose_on": "held_out"}
    told = describe_origin(origin, config)
    assert len(told) == 2 and "furniture" in told[1] and "warning" not in told[1]
    told = describe_origin(origin | {"path": "./weights"}, config)
    assert told[1].startswith("warning: ") and "data that are not known" in told[1]
    own = origin | {"path": "runs/a", "data": "mine.npz"}
    assert len(describe_origin(own, config)) == 1
