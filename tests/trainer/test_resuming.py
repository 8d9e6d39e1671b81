"""Runs go on where they stopped, and not where another one would begin."""

import re
import shutil
import signal
import threading

import pytest

from tests.helpers import (
    PENALTY,
    REFINER,
    assert_trees_equal,
    make_examples,
    write_packed,
)
from tests.trainer.runs import RING, config_for, final_state, stop_after, write_data
from tests.using import make_model
from vaegan_jax.checkpoints.checkpoint import Checkpoints
from vaegan_jax.errors import UserError
from vaegan_jax.inference.export import write_weights
from vaegan_jax.inference.loading import load
from vaegan_jax.runtime.lock import hold
from vaegan_jax.trainer import loop
from vaegan_jax.trainer import train as driver


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    return write_data(tmp_path_factory.mktemp("data"), camera=RING)


@pytest.mark.parametrize(
    "algorithm, average_decay",
    [
        ("mv_vae_gan", 0.9),
        pytest.param("vae_gan", 0.0, marks=pytest.mark.slow),
        pytest.param("gan", 0.0, marks=pytest.mark.slow),
    ],
)
def test_resuming_equals_not_stopping_bit_for_bit(
    data, tmp_path, algorithm, average_decay
):
    fields = {"train.average_decay": average_decay}
    if algorithm == "gan":
        fields |= PENALTY  # counts D's updates, and D has no running statistics
    whole = config_for(data, algorithm, **fields)
    driver.train(whole, tmp_path / "whole")
    # What is read from the file at first is in memory then: no step sees that.
    beginning = {"train.num_steps": 3, "data.in_memory": False}
    half = config_for(data, algorithm, **beginning, **fields)
    driver.train(half, tmp_path / "parts")
    driver.train(whole, tmp_path / "parts")
    assert_trees_equal(
        final_state(whole, tmp_path / "whole"), final_state(whole, tmp_path / "parts")
    )
    log = (tmp_path / "parts" / "train.log").read_text()
    assert log.count("stay in the file: each batch is read from there") == 1


@pytest.mark.parametrize(
    "fields",
    [{}, pytest.param(REFINER, marks=pytest.mark.slow)],
    ids=["mv_vae_gan", "refiner"],
)
def test_a_signal_saves_and_the_same_command_goes_on(
    data, tmp_path, monkeypatch, fields
):
    fields = fields | {"train.num_steps": 8, "checkpoint.every_steps": 100}
    config = config_for(data, **fields)
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


@pytest.mark.slow
@pytest.mark.parametrize(
    "algorithm", [pytest.param("gan", marks=pytest.mark.slow), "mv_vae_gan"]
)
def test_the_best_checkpoint_is_kept_also_after_a_resume(
    data, tmp_path, monkeypatch, algorithm
):
    scores = {1: 0.5, 2: 0.9, 3: 0.6, 4: 0.8, 5: 0.7, 6: 0.1}
    measured = []

    def validate(model, validation):
        measured.append(true_validate(model, validation)["score"])
        return {"score": scores[model.step]}

    true_validate = loop.validate
    monkeypatch.setattr(loop, "validate", validate)
    fields = {"train.evaluate_every_epochs": 0.4, "checkpoint.keep": 1}
    config = config_for(data, algorithm, **fields)
    for steps in (3, 6):
        config.train.num_steps = steps
        driver.train(config, tmp_path)
    reader = Checkpoints(tmp_path, read_only=True)
    assert reader.steps == [2, 6] and reader.best == (2, 0.9)
    assert load(tmp_path, "best").step == 2
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


@pytest.mark.slow
def test_a_run_that_saved_nothing_may_begin_otherwise(data, tmp_path, monkeypatch):
    def fail(*_):
        raise MemoryError

    config = config_for(data, "gan", **{"train.num_steps": 1})
    with monkeypatch.context() as patched:
        patched.setattr(driver.Trainer, "run", fail)
        with pytest.raises(MemoryError):
            driver.train(config, tmp_path / "run")
    other = tmp_path / "other.npz"
    write_packed(other, make_examples(count=12), ("train", "validation"))
    config = config_for(
        str(other), "gan", **{"train.num_steps": 1, "train.batch_size": 2}
    )
    for _ in range(2):  # it is what the run goes on with, too
        assert driver.train(config, tmp_path / "run") == 0


def test_other_data_are_refused_but_may_move(data, tmp_path):
    config = config_for(data, "gan", **{"train.num_steps": 1})
    driver.train(config, tmp_path / "run")
    moved = tmp_path / "moved.npz"
    shutil.copy(data, moved)
    config.data.dir = str(moved)
    assert driver.train(config, tmp_path / "run") == 0
    for examples, difference in (
        (make_examples(count=12), "training shapes 9, now 10"),
        (make_examples(count=10, seed=1), "as many training and held_out shapes, "),
    ):
        facts = {"source": "random", "camera": RING}
        write_packed(moved, examples, ("train", "validation"), **facts)
        with pytest.raises(UserError, match=difference):
            driver.train(config, tmp_path / "run")


def test_a_second_run_in_the_work_directory_is_refused(data, tmp_path):
    with hold(tmp_path), pytest.raises(UserError, match="another run is training"):
        driver.train(config_for(data), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".lock"}


@pytest.mark.slow
def test_steps_that_come_again_are_logged_once(data, tmp_path, monkeypatch):
    config = config_for(data, "gan", **{"train.log_every_steps": 1})
    driver.train(config, tmp_path / "whole")

    def crash(trainer):
        if trainer.step == 5:
            raise RuntimeError("as if killed")
        log(trainer)

    log = loop.Trainer._log
    monkeypatch.setattr(loop.Trainer, "_log", crash)
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
