"""The training driver, on a packed file and small networks."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers import Setup, assert_trees_equal, make_examples, tiny_config, write_packed
from using import make_model

from vaegan_jax import inference
from vaegan_jax import train as driver
from vaegan_jax.checkpoint import Checkpoints, abstract_state
from vaegan_jax.errors import UserError
from vaegan_jax.export import write_weights
from vaegan_jax.lock import hold


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("data") / "data.npz"
    splits = ("train", "validation")
    write_packed(path, make_examples(count=10), splits, source="random")
    return str(path)


def config_for(data, algorithm="mv_vae_gan", **overrides):
    fields = {
        "data.dir": data,
        "train.num_steps": 6,
        "train.log_every_steps": 2,
        "train.average_decay": 0.9,
        "train.evaluate_every_epochs": 1000.0,
        "train.pictures_every_epochs": 1000.0,
        "checkpoint.every_steps": 3,
    }
    return tiny_config(algorithm, **(fields | overrides))


def final_state(config, workdir):
    setup = Setup(config)
    checkpoints = Checkpoints(workdir)
    return checkpoints.restore(abstract_state(setup.create))


@pytest.mark.parametrize("algorithm", ["gan", "mv_vae_gan"])
def test_a_run_leaves_what_it_promises(data, tmp_path, algorithm):
    config = config_for(data, algorithm)
    assert driver.train(config, tmp_path) == 0
    assert (tmp_path / "config.json").exists()
    assert (tmp_path / "framing.npz").exists() == (algorithm != "gan")
    assert Checkpoints(tmp_path).steps == [3, 6]
    pictures = {path.name for path in (tmp_path / "images").iterdir()}
    expected = {"samples_000006.png"}
    if algorithm != "gan":
        expected.add("reconstructions_000006.png")
    assert pictures == expected
    log = (tmp_path / "train.log").read_text()
    assert "data: source random\n" in log
    assert "10 shapes" in log and "step 6/6" in log and "finished all 6 steps" in log
    assert scalar_names(tmp_path) >= {
        "loss/discriminator",
        "loss/adversarial",
        "discriminator/accuracy_real",
        "discriminator/accuracy_fake",
        "discriminator/update_share",
        "samples/fill_rate",
        "gradient_norm/generator",
        "speed/steps_per_second",
        "speed/examples_per_second",
        "speed/data_wait_share",
    }
    model = inference.load(tmp_path)
    assert model.step == 6 and model.sample(3).shape == (3, 32, 32, 32)


def scalar_names(workdir: pathlib.Path) -> set[str]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(workdir / "logs"))
    events.Reload()
    return set(events.Tags()["scalars"])


@pytest.mark.parametrize(
    "algorithm, average_decay", [("mv_vae_gan", 0.9), ("vae_gan", 0.0), ("gan", 0.0)]
)
def test_resuming_equals_not_stopping_bit_for_bit(
    data, tmp_path, algorithm, average_decay
):
    fields = {"train.average_decay": average_decay}
    whole = config_for(data, algorithm, **fields)
    driver.train(whole, tmp_path / "whole")
    half = config_for(data, algorithm, **{"train.num_steps": 3}, **fields)
    driver.train(half, tmp_path / "parts")
    driver.train(whole, tmp_path / "parts")
    assert_trees_equal(
        final_state(whole, tmp_path / "whole"), final_state(whole, tmp_path / "parts")
    )


def stop_after(last, monkeypatch):
    """The run gets a signal at a step."""
    add = driver.StepMeter.add

    def interrupt(meter, step, metrics, wait):
        add(meter, step, metrics, wait)
        if step == last:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(driver.StepMeter, "add", interrupt)


def test_who_would_wait_for_days_is_told_of_the_demo(data, tmp_path, monkeypatch):
    stop_after(6, monkeypatch)
    config = config_for(data, "gan", **{"train.num_steps": 10**8})
    driver.train(config, tmp_path)
    log = (tmp_path / "train.log").read_text()
    assert "--config=configs/gan.py:demo is a small version" in log


def test_a_signal_saves_and_the_same_command_goes_on(data, tmp_path, monkeypatch):
    config = config_for(data, **{"train.num_steps": 8, "checkpoint.every_steps": 100})
    driver.train(config, tmp_path / "whole")

    stop_after(5, monkeypatch)
    assert threading.current_thread() is threading.main_thread()
    assert driver.train(config, tmp_path / "parts") == 128 + signal.SIGTERM
    monkeypatch.undo()
    assert Checkpoints(tmp_path / "parts").steps == [5]
    assert "saved step 5 of 8" in (tmp_path / "parts" / "train.log").read_text()
    assert driver.train(config, tmp_path / "parts") == 0
    assert_trees_equal(
        final_state(config, tmp_path / "whole"), final_state(config, tmp_path / "parts")
    )


def test_a_non_finite_loss_stops_and_keeps_the_last_good_checkpoint(
    data, tmp_path, monkeypatch
):
    make = driver.make_train_step

    def poisoned(*arguments):
        step = make(*arguments)

        def run(state, batch):
            bad = state.step == 4
            state, metrics = step(state, batch)
            metrics["loss/kl"] = jnp.where(bad, jnp.nan, metrics["loss/kl"])
            return state, metrics

        return run

    monkeypatch.setattr(driver, "make_train_step", poisoned)
    with pytest.raises(UserError, match="loss/kl became nan at step 5"):
        driver.train(config_for(data), tmp_path)
    assert Checkpoints(tmp_path).steps == [3]


@pytest.mark.parametrize("algorithm", ["gan", "mv_vae_gan"])
def test_the_best_checkpoint_is_kept_also_after_a_resume(
    data, tmp_path, monkeypatch, algorithm
):
    scores = {1: 0.5, 2: 0.9, 3: 0.6, 4: 0.8, 5: 0.7, 6: 0.1}
    measured = []

    def validate(model, validation):
        measured.append(true_validate(model, validation)["score"])
        return {"score": scores[model.step]}

    true_validate = driver.validate
    monkeypatch.setattr(driver, "validate", validate)
    fields = {"train.evaluate_every_epochs": 0.4, "checkpoint.keep": 1}
    config = config_for(data, algorithm, **fields)
    for steps in (3, 6):
        config.train.num_steps = steps
        driver.train(config, tmp_path)
    reader = Checkpoints(tmp_path, read_only=True)
    assert reader.steps == [2, 6] and reader.best == (2, 0.9)
    assert inference.load(tmp_path, "best").step == 2
    assert all(0 <= score <= 1 for score in measured) and len(measured) == 6


def test_training_does_not_go_on_from_weights(data, tmp_path):
    write_weights(make_model("mv_vae_gan"), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UserError, match="exported weights, from which training cannot"):
        driver.train(config_for(data), tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_another_model_in_the_work_directory_is_refused(data, tmp_path):
    driver.train(config_for(data, **{"train.num_steps": 1}), tmp_path)
    other = config_for(data, **{"model.latent_size": 7})
    with pytest.raises(UserError, match=r"config\.model\.latent_size = 6, not 7"):
        driver.train(other, tmp_path)


def test_other_data_are_refused_but_may_move(data, tmp_path):
    config = config_for(data, "gan", **{"train.num_steps": 1})
    driver.train(config, tmp_path / "run")
    moved = tmp_path / "moved.npz"
    shutil.copy(data, moved)
    config.data.dir = str(moved)
    assert driver.train(config, tmp_path / "run") == 0
    for examples, difference in (
        (make_examples(count=12), "training shapes 10, now 12"),
        (make_examples(count=10, seed=1), "as many training and validation shapes, "),
    ):
        write_packed(moved, examples, ("train", "validation"), source="random")
        with pytest.raises(UserError, match=difference):
            driver.train(config, tmp_path / "run")


def test_a_second_run_in_the_work_directory_is_refused(data, tmp_path):
    with hold(tmp_path), pytest.raises(UserError, match="another run is training"):
        driver.train(config_for(data), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".lock"}


def test_steps_that_come_again_are_logged_once(data, tmp_path, monkeypatch):
    config = config_for(data, "gan", **{"train.log_every_steps": 1})
    driver.train(config, tmp_path / "whole")

    def crash(trainer):
        if trainer.step == 5:
            raise RuntimeError("as if killed")
        log(trainer)

    log = driver.Trainer._log
    monkeypatch.setattr(driver.Trainer, "_log", crash)
    with pytest.raises(RuntimeError):
        driver.train(config, tmp_path / "parts")
    monkeypatch.undo()
    assert steps_logged(tmp_path / "parts") == ["1", "2", "3", "4"]
    driver.train(config, tmp_path / "parts")
    text = (tmp_path / "parts/train.log").read_text()
    assert "at step 3 of 6" in text
    for folder in ("whole", "parts"):
        assert steps_logged(tmp_path / folder) == ["1", "2", "3", "4", "5", "6"]


def steps_logged(workdir):
    return re.findall(r"step (\d+)/6 epoch", (workdir / "train.log").read_text())


def test_a_signal_breaks_off_an_evaluation_and_saves(data, tmp_path, monkeypatch):
    def validate(model, validation):
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("it goes on")

    monkeypatch.setattr(driver, "validate", validate)
    fields = {"train.evaluate_every_epochs": 0.8, "checkpoint.every_steps": 100}
    config = config_for(data, "gan", **fields)
    assert driver.train(config, tmp_path) == 128 + signal.SIGTERM
    assert Checkpoints(tmp_path).steps == [2]


def test_nothing_is_traced_again_after_the_first_step(data, tmp_path, monkeypatch):
    """Neither in a new run nor in one that was resumed, whose state orbax made."""
    steps = []
    make = driver.make_train_step
    keep = lambda *arguments: steps.append(make(*arguments)) or steps[-1]  # noqa: E731
    monkeypatch.setattr(driver, "make_train_step", keep)
    compiled = []
    add = driver.StepMeter.add

    def count(meter, step, metrics, wait):
        compiled.append((steps[-1]._cache_size(), len(compilations)))
        add(meter, step, metrics, wait)

    monkeypatch.setattr(driver.StepMeter, "add", count)
    for num_steps in (3, 6):
        config = config_for(data, "gan", **{"train.num_steps": num_steps})
        config.checkpoint.every_steps = 100
        compilations = []
        with watch_compilations(compilations):
            driver.train(config, tmp_path)
    assert [size for size, _ in compiled] == [1] * 6
    for first in (0, 3):  # nothing else is compiled either, from the second step on
        counts = [count for _, count in compiled[first : first + 3]]
        assert counts[1] == counts[2] and counts[0] > 0


@contextlib.contextmanager
def watch_compilations(names):
    """Adds to `names` whenever JAX traces or compiles something."""

    def listen(event, duration, **_):
        if event.startswith("/jax/core/compile/"):
            names.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


def test_a_directory_without_a_run_is_named(tmp_path):
    with pytest.raises(UserError, match="is not a work directory"):
        inference.load(tmp_path)


def test_moving_averages_are_what_is_sampled(data, tmp_path):
    config = config_for(data, **{"train.num_steps": 2})
    driver.train(config, tmp_path)
    model = inference.load(tmp_path)
    state = final_state(config, tmp_path)
    assert_trees_equal(model.variables, state.averages)
    params = model.variables["generator"]["params"]["Dense_0"]["kernel"]
    current = state.generator.params["Dense_0"]["kernel"]
    assert (np.asarray(params) != np.asarray(current)).any()
    np.testing.assert_array_equal(model.sample(2, seed=5), model.sample(2, seed=5))
