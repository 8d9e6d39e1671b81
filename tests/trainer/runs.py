"""Small training runs, and how to look at them and stop them."""

import os
import signal

from tests.helpers import Setup, make_examples, tiny_config, write_packed
from vaegan_jax.checkpoints.checkpoint import Checkpoints, abstract_state
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.trainer import loop

# That random views are said to be of.
RING = Camera(4).to_dict()


def write_data(folder, **facts) -> str:
    """Ten random shapes, packed; returns the file's name."""
    path = folder / "data.npz"
    splits = ("train", "validation")
    write_packed(path, make_examples(count=10), splits, source="random", **facts)
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


def stop_after(last, monkeypatch):
    """The run gets a signal at a step."""
    add = loop.StepMeter.add

    def interrupt(meter, step, metrics, wait):
        add(meter, step, metrics, wait)
        if step == last:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(loop.StepMeter, "add", interrupt)
