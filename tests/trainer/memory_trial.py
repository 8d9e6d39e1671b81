"""Watches the resident memory of a training run of 2,000 steps, and draws it.

    python -m tests.trainer.memory_trial --output=docs/log/images/memory.png

Every step is logged, every 20th evaluated and every 10th saved: what a run does
in days, in minutes.
"""

import argparse
import os
import pathlib
import tempfile

os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import matplotlib.pyplot as plt
import numpy as np

from tests.helpers import make_examples, tiny_config, write_packed
from vaegan_jax.runtime.cpu import keep_freed_memory
from vaegan_jax.trainer import loop
from vaegan_jax.trainer import train as driver

NUM_STEPS, SETTLED = 2000, 200


def resident_megabytes() -> float:
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def watch(folder: pathlib.Path) -> list[float]:
    """Resident memory after every step, in MiB."""
    data = folder / "data.npz"
    write_packed(data, make_examples(count=10), ("train", "validation"))
    fields = {
        "data.dir": str(data),
        "train.num_steps": NUM_STEPS,
        "train.log_every_steps": 1,
        "train.average_decay": 0.9,
        "train.evaluate_every_epochs": 8.0,
        "train.pictures_every_epochs": 80.0,
        "checkpoint.every_steps": 10,
    }
    seen = []
    add = loop.StepMeter.add

    def note(meter, *arguments):
        seen.append(resident_megabytes())
        add(meter, *arguments)

    loop.StepMeter.add = note
    driver.train(tiny_config("gan", **fields), folder / "run")
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", required=True)
    given = parser.parse_args()
    keep_freed_memory()  # as the training command does
    with tempfile.TemporaryDirectory() as folder:
        seen = np.array(watch(pathlib.Path(folder)))
    slope = np.polyfit(np.arange(SETTLED, NUM_STEPS), seen[SETTLED:], 1)[0] * 1000
    figure, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
    axes.plot(np.arange(1, len(seen) + 1), seen, linewidth=1)
    axes.set(xlabel="step", ylabel="resident memory / MiB", ylim=(0, None))
    axes.set_xlim(0, NUM_STEPS)
    figure.savefig(given.output, dpi=100)
    for step in (1, SETTLED, NUM_STEPS // 2, NUM_STEPS):
        print(f"step {step}: {seen[step - 1]:.1f} MiB")
    print(f"from step {SETTLED} on: {slope:+.2f} MiB per 1,000 steps")


if __name__ == "__main__":
    main()
