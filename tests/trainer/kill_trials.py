"""Kills training and data preparation at random moments, again and again.

    python -m tests.trainer.kill_trials --trials=100 --seed=0

Every time the same command is started again. In the end everything must be as if
nothing had happened: see `check_training` and `check_preparation`. Prints how many of
the kills came in which phase. pytest does a few of them (test_kills.py).
"""

import argparse
import collections
import contextlib
import json
import multiprocessing
import os
import pathlib
import random
import sys
import tempfile
import time
from collections.abc import Callable

if __name__ in ("__main__", "__mp_main__"):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import numpy as np

from tests.helpers import make_examples, tiny_config, write_packed
from tests.trainer.left_behind import (
    complete_steps,
    digests,
    events,
    last_step,
    log_lines,
    partial_steps,
    state_bytes,
    step_lines,
)
from vaegan_jax.trainer.train import train

NUM_STEPS, SAVE_STEPS, EVALUATE_STEPS = 40, 3, 4
CHECKPOINT, EVALUATION, STEP, START, PREPARATION = (
    *("while a checkpoint was written", "during evaluation", "in a step"),
    *("before the first step", "in data preparation"),
)
_LONGEST = 300  # seconds, of a run to its end
PRELOADED = ["__main__", "vaegan_jax.trainer.train", "orbax.checkpoint"]


class Killer:
    """Starts processes from one that has imported everything, and kills them."""

    def __init__(self, folder: pathlib.Path, preloaded: list[str], seed: int):
        self.folder = folder
        self.random = random.Random(seed)
        self.tally = collections.Counter()
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(preloaded)

    def start(self, function: Callable, *arguments) -> multiprocessing.Process:
        started = self.context.Process(
            target=_silently, args=(self.folder / "output.txt", function, *arguments)
        )
        started.start()
        return started

    def finish(self, function: Callable, *arguments) -> float:
        """Runs to the end without a kill; returns the seconds."""
        begun = time.monotonic()
        process = self.start(function, *arguments)
        process.join(_LONGEST)
        if process.exitcode != 0:
            process.kill()
            ended = f"exit code {process.exitcode} after {_LONGEST} s at most"
            sys.exit(f"{ended}: {(self.folder / 'output.txt').read_text()}")
        return time.monotonic() - begun


def _silently(output: pathlib.Path, function: Callable, *arguments) -> None:
    with output.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        function(*arguments)


# Training


def run_training(data: pathlib.Path, workdir: pathlib.Path) -> None:
    """What is killed: 40 steps with a checkpoint at every third and an evaluation at
    every fourth."""
    fields = {
        "data.dir": str(data),
        "train.num_steps": NUM_STEPS,
        "train.log_every_steps": 1,
        "train.average_decay": 0.9,
        "train.evaluate_every_epochs": EVALUATE_STEPS / 2.5,  # 10 shapes, batches of 4
        "train.pictures_every_epochs": 1000.0,
        "checkpoint.every_steps": SAVE_STEPS,
    }
    train(tiny_config("gan", **fields), workdir)


def training_trials(killer: Killer, count: int, folder: pathlib.Path) -> None:
    """Kills training `count` times; every run that comes to its end is checked."""
    data, reference = folder / "data.npz", folder / "reference"
    write_packed(data, make_examples(count=10), ("train", "validation"))
    killer.finish(run_training, data, reference)
    wanted = [CHECKPOINT, EVALUATION, STEP, STEP, START]
    killed, run = 0, 0
    while killed < count:
        workdir = folder / f"run_{run}"
        while killed < count:
            when = wanted[killed % len(wanted)]
            phase = kill_training(killer, when, data, workdir)
            if phase is None:
                break  # it was done before
            killer.tally[phase] += 1
            killed += 1
        killer.finish(run_training, data, workdir)
        check_training(reference, workdir)
        run += 1
        print(f"run {run} is right after {killed} kills", flush=True)


def kill_training(
    killer: Killer, when: str, data: pathlib.Path, workdir: pathlib.Path
) -> str | None:
    """Starts training and kills it in a phase; returns the phase that it was in."""
    saved = max(complete_steps(workdir), default=0)
    begun, before = time.time(), log_lines(workdir)
    goal = saved + killer.random.randint(1, 3 * SAVE_STEPS)  # not before this step
    process = killer.start(run_training, data, workdir)

    def is_it_time() -> bool:
        if when == START:
            return True
        lines = log_lines(workdir)
        if last_step(lines) < goal or lines[-1] in before:
            return False
        if when == CHECKPOINT:
            return any(p.stat().st_ctime > begun for p in partial_steps(workdir))
        return when == STEP or is_evaluating(lines)

    with contextlib.suppress(FileNotFoundError):
        while process.is_alive() and not is_it_time():
            time.sleep(0.001)
    longest = {CHECKPOINT: 0.1, EVALUATION: 0.1, STEP: 0.5, START: 9.0}[when]
    process.join(killer.random.uniform(0, longest))
    process.kill()
    process.join()
    if process.exitcode == 0:
        return None
    assert process.exitcode == -9, (killer.folder / "output.txt").read_text()
    lines = log_lines(workdir)
    starts = [line for line in lines if line not in before and " at step " in line]
    for line in starts:  # it went on from the latest complete checkpoint
        assert f"at step {saved} of" in line, (line, saved)
    if any(p.stat().st_ctime > begun for p in partial_steps(workdir)):
        return CHECKPOINT
    fresh = [line for line in lines if line not in before]
    if not step_lines(fresh):
        return START
    return EVALUATION if is_evaluating(lines) else STEP


def is_evaluating(lines: list[str]) -> bool:
    step = last_step(lines)
    return step > 0 and step % EVALUATE_STEPS == 0


def check_training(reference: pathlib.Path, workdir: pathlib.Path) -> None:
    """The same state bit for bit, the same metrics at every step (which the same data
    in the same order give), every line and event once, and no leftovers."""
    assert state_bytes(workdir, NUM_STEPS) == state_bytes(reference, NUM_STEPS)
    logs = [log_lines(folder) for folder in (reference, workdir)]
    assert step_lines(logs[0]) == step_lines(logs[1])
    assert len(step_lines(logs[1])) == NUM_STEPS
    validations = [[x[9:] for x in log if " held_out: " in x] for log in logs]
    assert validations[0] == validations[1]
    assert len(validations[0]) == NUM_STEPS // EVALUATE_STEPS
    assert events(workdir) == events(reference)
    assert sum("finished all" in line for line in logs[1]) in (1, 2)
    assert not partial_steps(workdir)
    assert sorted(complete_steps(workdir)) == sorted(complete_steps(reference))


# Data preparation


def run_preparation(meshes: pathlib.Path, output: pathlib.Path) -> None:
    """What is killed: 30 boxes become voxels and views, in two processes."""
    from data_prep.prepare import prepare_meshes
    from vaegan_jax.shapes.cameras import Camera

    prepare_meshes(meshes, output, camera=Camera(num_views=2), image_size=32)


def preparation_trials(killer: Killer, count: int, folder: pathlib.Path) -> None:
    """Kills data preparation `count` times; every data set that is made is checked."""
    meshes, reference = folder / "meshes", folder / "reference_data"
    write_meshes(meshes)
    seconds = killer.finish(run_preparation, meshes, reference)
    killed, run = 0, 0
    while killed < count:
        output = folder / f"data_{run}"
        for _ in range(min(5, count - killed)):
            process = killer.start(run_preparation, meshes, output)
            process.join(killer.random.uniform(0, seconds))
            process.kill()
            process.join()
            if process.exitcode == 0:
                break
            killer.tally[PREPARATION] += 1
            killed += 1
        killer.finish(run_preparation, meshes, output)
        check_preparation(reference, output)
        run += 1
        print(f"data set {run} is right after {killed} kills", flush=True)


def write_meshes(folder: pathlib.Path) -> None:
    folder.mkdir()
    rng = np.random.default_rng(0)
    corners = np.indices((2, 2, 2)).reshape(3, -1).T
    faces = "3 0 1 3\n3 0 3 2\n3 4 6 7\n3 4 7 5\n3 0 4 5\n3 0 5 1\n"
    faces += "3 2 3 7\n3 2 7 6\n3 0 2 6\n3 0 6 4\n3 1 5 7\n3 1 7 3\n"
    for i in range(30):
        points = corners * rng.uniform(0.2, 1, 3)
        lines = "\n".join(" ".join(map(str, point)) for point in points)
        (folder / f"box_{i:02d}.off").write_text(f"OFF\n8 12 0\n{lines}\n{faces}")


def check_preparation(reference: pathlib.Path, output: pathlib.Path) -> None:
    """The same files with the same content, and nothing else."""
    assert digests(reference) == digests(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(folder / "cache"))
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        killer = Killer(folder, PRELOADED, given.seed)
        preparations = given.trials // 5
        training_trials(killer, given.trials - preparations, folder)
        preparation_trials(killer, preparations, folder)
    print(json.dumps(killer.tally, indent=2))
    print(f"{killer.tally.total()} kills, and everything as if there had been none")


if __name__ == "__main__":
    main()
