"""The training driver, on a packed file and small networks."""

import contextlib
import io
import json
import os
import pathlib
import signal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from tests.helpers import AZIMUTHS, assert_trees_equal
from tests.trainer.runs import config_for, final_state, stop_after, write_data
from vaegan_jax.checkpoints.checkpoint import Checkpoints
from vaegan_jax.errors import UserError
from vaegan_jax.evaluate.subject import Options, read_splits
from vaegan_jax.inference.loading import load
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.model_card import card
from vaegan_jax.inference.sample import write_samples
from vaegan_jax.inference.shape_files import ShapeWriter
from vaegan_jax.trainer import loop
from vaegan_jax.trainer import train as driver
from vaegan_jax.trainer.resuming import content


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    return write_data(tmp_path_factory.mktemp("data"))


def test_ten_steps_are_few_programs(data, tmp_path, monkeypatch):
    """Small ones take as long to compile as a step to run: each operation is one."""
    compiled = []

    def listen(event, seconds, fun_name="", **_):
        if event.endswith("/backend_compile_duration"):
            compiled.append(fun_name)

    config = config_for(data, **{"train.num_steps": 20, "checkpoint.every_steps": 20})
    stop_after(10, monkeypatch)
    jax.clear_caches()
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        assert driver.train(config, tmp_path) == 128 + signal.SIGTERM
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    large = {"jit(create)", "jit(gather)", "jit(train_step)"}
    assert large <= {*compiled} and len(compiled) <= len(large) + 6, compiled


@pytest.mark.parametrize(
    "algorithm", [pytest.param("gan", marks=pytest.mark.slow), "mv_vae_gan"]
)
def test_a_run_leaves_what_it_promises(data, tmp_path, algorithm):
    four = AZIMUTHS | {"data.num_views": 4, "model.azimuths": 4}  # all that are stored
    config = config_for(data, algorithm, **({} if algorithm == "gan" else four))
    assert driver.train(config, tmp_path) == 0
    assert (tmp_path / "config.json").exists()
    for name in ("framing.npz", "latents.npz"):
        assert (tmp_path / name).exists() == (algorithm != "gan")
    trained = load(tmp_path)
    assert (trained.mixture is not None) == (algorithm != "gan")
    told = card(trained, tmp_path)
    assert "At step 6, on a tenth of" in told and "9 shapes: source random" in told
    assert load(tmp_path, 3).mixture is None
    if algorithm != "gan":
        (tmp_path / "latents.npz").write_bytes(b"damaged")
        assert driver.train(config, tmp_path) == 0  # mends it
        assert load(tmp_path).mixture is not None
    assert Checkpoints(tmp_path).steps == [3, 6]
    pictures = {path.name for path in (tmp_path / "images").iterdir()}
    expected = {"samples_000006.png"}
    if algorithm != "gan":
        expected.add("reconstructions_000006.png")
        assert "loss/azimuth" in scalar_names(tmp_path)
    assert pictures == expected
    log = (tmp_path / "train.log").read_text()
    assert "data: source random\n" in log
    assert "9 shapes" in log and "1 more (held_out) to choose on" in log
    assert "step 6/6" in log and "finished all 6 steps" in log
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
    model = load(tmp_path)
    assert model.step == 6 and model.sample(3).shape == (3, 8, 8, 8)
    assert_samples_drawn(tmp_path, model)


def assert_samples_drawn(workdir: pathlib.Path, model: Model) -> None:
    """Training has drawn what `scripts/sample.py` draws, and shown it once."""
    output = workdir / "sampled"
    write_samples(model, model.draw_latents(16), output, ShapeWriter(()), animate=False)
    sampled = np.asarray(Image.open(output / "samples.png"))
    drawn = Image.open(workdir / f"images/samples_{model.step:06d}.png")
    np.testing.assert_array_equal(drawn, sampled)
    shown = [e for e in logged(workdir).Images("samples") if e.step == model.step]
    assert len(shown) == 1
    shown = Image.open(io.BytesIO(shown[0].encoded_image_string))
    np.testing.assert_array_equal(shown, Image.fromarray(sampled).convert("RGB"))


def logged(workdir: pathlib.Path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(workdir / "logs"), size_guidance={"images": 0})
    events.Reload()
    return events


def scalar_names(workdir: pathlib.Path) -> set[str]:
    return set(logged(workdir).Tags()["scalars"])


@pytest.mark.slow
def test_the_last_samples_are_drawn_once_and_like_the_training_shapes(
    data, tmp_path, monkeypatch
):
    fields = {"train.num_steps": 2, "train.pictures_every_epochs": 0.4}
    config = config_for(data, **fields, **{"checkpoint.every_steps": 1})
    like_examples = loop.like_examples

    def killed(model, examples):
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("it goes on")

    images, mixture = tmp_path / "images", tmp_path / "latents.npz"
    monkeypatch.setattr(loop, "like_examples", killed)
    driver.train(config, tmp_path)
    assert not mixture.exists() and not (images / "samples_000002.png").exists()
    assert (images / "reconstructions_000002.png").exists()

    monkeypatch.setattr(loop, "like_examples", like_examples)
    driver.train(config, tmp_path)  # makes up for it
    assert_samples_drawn(tmp_path, load(tmp_path))

    written = (images / "samples_000002.png").stat()
    mixture.write_bytes(b"damaged")
    driver.train(config, tmp_path)  # mends it, and has drawn already
    assert_samples_drawn(tmp_path, load(tmp_path))
    assert (images / "samples_000002.png").stat() == written

    # Before, they are of the prior.
    assert_samples_drawn(tmp_path, load(tmp_path, 1))
    names = ("samples_000001", "samples_000002", "reconstructions_000002")
    assert {path.stem for path in images.iterdir()} >= set(names)
    assert all(path.suffix == ".png" for path in images.iterdir())


def test_who_would_wait_for_days_is_told_of_the_demo(data, tmp_path, monkeypatch):
    stop_after(6, monkeypatch)
    config = config_for(data, "gan", **{"train.num_steps": 10**8})
    driver.train(config, tmp_path)
    log = (tmp_path / "train.log").read_text()
    assert "--config=gan:demo is a small version" in log


def test_a_non_finite_loss_stops_and_keeps_the_last_good_checkpoint(
    data, tmp_path, monkeypatch
):
    make = loop.make_train_step

    def poisoned(*arguments):
        step = make(*arguments)

        def run(state, batch):
            bad = state.step == 4
            state, metrics = step(state, batch)
            metrics["loss/kl"] = jnp.where(bad, jnp.nan, metrics["loss/kl"])
            return state, metrics

        return run

    monkeypatch.setattr(loop, "make_train_step", poisoned)
    with pytest.raises(UserError, match="loss/kl became nan at step 5"):
        driver.train(config_for(data), tmp_path)
    assert Checkpoints(tmp_path).steps == [3]


def test_a_signal_breaks_off_an_evaluation_and_saves(data, tmp_path, monkeypatch):
    def validate(model, validation):
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("it goes on")

    monkeypatch.setattr(loop, "validate", validate)
    fields = {"train.evaluate_every_epochs": 0.8, "checkpoint.every_steps": 100}
    config = config_for(data, "gan", **fields)
    assert driver.train(config, tmp_path) == 128 + signal.SIGTERM
    assert Checkpoints(tmp_path).steps == [2]


def test_nothing_is_traced_again_after_the_first_step(data, tmp_path, monkeypatch):
    """Neither in a new run nor in one that was resumed, whose state orbax made."""
    steps = []
    make = loop.make_train_step
    keep = lambda *arguments: steps.append(make(*arguments)) or steps[-1]  # noqa: E731
    monkeypatch.setattr(loop, "make_train_step", keep)
    compiled = []
    add = loop.StepMeter.add

    def count(meter, step, metrics, wait):
        compiled.append((steps[-1]._cache_size(), len(compilations)))
        add(meter, step, metrics, wait)

    monkeypatch.setattr(loop.StepMeter, "add", count)
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
        load(tmp_path)


@pytest.mark.slow
def test_moving_averages_are_what_is_sampled(data, tmp_path):
    config = config_for(data, **{"train.num_steps": 2})
    driver.train(config, tmp_path)
    model = load(tmp_path)
    state = final_state(config, tmp_path)
    assert_trees_equal(model.variables, state.averages)
    params = model.variables["generator"]["params"]["Dense_0"]["kernel"]
    current = state.generator.params["Dense_0"]["kernel"]
    assert (np.asarray(params) != np.asarray(current)).any()
    np.testing.assert_array_equal(model.sample(2, seed=5), model.sample(2, seed=5))


@pytest.mark.parametrize(
    "choose_on", ["held_out", pytest.param("validation", marks=pytest.mark.slow)]
)
def test_evaluation_chooses_on_what_training_did(data, tmp_path, choose_on):
    fields = {"train.num_steps": 1, "data.choose_on": choose_on}
    assert driver.train(config_for(data, "vae_gan", **fields), tmp_path) == 0
    noted = json.loads((tmp_path / "data.json").read_text())
    splits = read_splits(load(tmp_path), tmp_path, Options())
    for kind, examples in (("training", splits.learnt), (choose_on, splits.choosing)):
        assert content(noted[kind]["split"], examples) == noted[kind]
