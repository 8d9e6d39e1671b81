"""What a training run tells: progress bar, log file, TensorBoard, pictures."""

import logging
import os
import pathlib
import time
from typing import Any

import jax
import numpy as np
from PIL import Image

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.progress import Progress, is_terminal, print_above
from vaegan_jax.trainer.log_file import EventFile, LogFile, cut_log

log = logging.getLogger("vaegan_jax")

# Metrics that are 0 in some steps for want of a value, and the share of the others.
_TURNS = "adversarial/share"
_SHARES = {
    "gradient_norm/discriminator": "discriminator/update_share",
    "discriminator/update_share": _TURNS,
    "discriminator/accuracy_real": _TURNS,
    "discriminator/accuracy_fake": _TURNS,
    "loss/discriminator": _TURNS,
    "loss/adversarial": _TURNS,
    "loss/generator": _TURNS,
    "samples/fill_rate": _TURNS,
}


class Reporter:
    """Writes to one work directory: `train.log`, `logs/` (TensorBoard), `images/`."""

    def __init__(self, workdir: pathlib.Path, start_step: int, num_steps: int):
        self._images = workdir / "images"
        self._images.mkdir(exist_ok=True)
        cut_log(workdir / "train.log", start_step)
        self._events = EventFile(workdir / "logs", start_step + 1)
        self._bar = Progress(
            total=num_steps,
            initial=start_step,
            unit="step",
            smoothing=0.3,  # compiling, at the start, says nothing about the speed
            disable=not is_terminal(),  # where the log tells
        )
        self._handlers = [LogFile(workdir / "train.log"), _BarHandler()]
        log.setLevel(logging.INFO)
        log.propagate = False
        for handler in self._handlers:
            handler.setFormatter(
                logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S")
            )
            log.addHandler(handler)

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Writes scalars to TensorBoard."""
        self._events.scalars(step, values)

    def has_picture(self, name: str, step: int) -> bool:
        """Whether `picture` has shown that of a step, in this start or before."""
        return self._picture(name, step).exists()

    def picture(self, name: str, step: int, picture: Image.Image) -> None:
        """Writes `images/NAME_STEP.png`, and shows it in TensorBoard."""
        path = self._picture(name, step)
        partial = path.with_suffix(".partial")
        picture.save(partial, "PNG")
        os.replace(partial, path)
        pixels = np.asarray(picture.convert("RGB"))
        self._events.image(name, step, pixels)

    def _picture(self, name: str, step: int) -> pathlib.Path:
        return self._images / f"{name}_{step:06d}.png"

    def advance(self, step: int) -> None:
        """Moves the progress bar to `step`."""
        self._bar.update(step - self._bar.n)

    def describe(self, text: str) -> None:
        """Sets what stands behind the progress bar."""
        self._bar.set_postfix_str(text, refresh=False)

    def flush(self) -> None:
        """Returns when all that was told is on disk."""
        self._events.flush()

    def close(self) -> None:
        """Flushes and closes everything."""
        self._bar.close()
        for handler in self._handlers:
            log.removeHandler(handler)
        for closed in (*self._handlers, self._events):
            closed.close()


class Silence:
    """A `Reporter` that writes nothing, for all processes of a run but the first."""

    def __init__(self):
        log.addHandler(logging.NullHandler())
        log.propagate = False

    def __getattr__(self, name: str):
        getattr(Reporter, name)  # of the methods that there are
        return lambda *_: None


class _BarHandler(logging.Handler):
    """Prints lines above the progress bar instead of through it."""

    def emit(self, record):
        print_above(self.format(record))


class StepMeter:
    """Collects the metrics of steps, watches that they are finite, and times them."""

    def __init__(self):
        self._pending: list[tuple[int, dict[str, Any]]] = []
        self._wait = 0.0
        self._since = time.perf_counter()

    def add(self, step: int, metrics: dict[str, Any], wait: float) -> None:
        """Takes the metrics of one step, still on the device, and its data wait."""
        # Stay one step ahead of the device and no more: a signal is answered soon.
        if self._pending:
            jax.block_until_ready(self._pending[-1][1])
        self._pending.append((step, metrics))
        self._wait += wait

    def __len__(self) -> int:
        return len(self._pending)

    def drain(self, batch_size: int) -> dict[str, float]:
        """Means over the steps since the last call, with speeds and data wait.

        Raises:
          UserError: a loss is not finite; the message names the step and the loss.
        """
        fetched = [(step, jax.device_get(metrics)) for step, metrics in self._pending]
        for step, metrics in fetched:
            for name, value in metrics.items():
                if not np.isfinite(value):
                    raise UserError(
                        f"{name} became {value} at step {step}: training stopped and "
                        "its last good checkpoint was kept; try a lower learning "
                        "rate, or config.model.dtype=float32 in another --workdir"
                    )
        seconds = time.perf_counter() - self._since
        means = {
            name: float(np.mean([metrics[name] for _, metrics in fetched]))
            for name in (fetched[0][1] if fetched else {})
        }
        if means.get(_TURNS) == 0:  # there is nothing to tell of
            means = {name: mean for name, mean in means.items() if name not in _SHARES}
        shares = {name: means.get(share) for name, share in _SHARES.items()}
        for name in means.keys() & _SHARES.keys():
            means[name] /= shares[name] or 1.0
        means["speed/steps_per_second"] = len(fetched) / seconds
        means["speed/examples_per_second"] = len(fetched) * batch_size / seconds
        means["speed/data_wait_share"] = self._wait / seconds
        self.restart()
        return means

    def restart(self) -> None:
        """Drops what was collected and starts the clock anew."""
        self._pending, self._wait = [], 0.0
        self._since = time.perf_counter()


def duration(seconds: float) -> str:
    """A length of time for people: `40 s`, `12 min`, `3.5 h`, `12 days`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.0f} days"


def expectation(epoch: float, left: float, algorithm: str) -> list[str]:
    """Lines that say how long a run will take, and what to do where that is long.

    Args:
      epoch: seconds for an epoch.
      left: seconds for all that is left.
      algorithm: of the run.
    """
    lines = [
        f"an epoch takes about {duration(epoch)}, all that is left about "
        f"{duration(left)}"
    ]
    if jax.default_backend() == "cpu" and left > 3600:
        lines.append(
            f"there is no accelerator here; --config={algorithm}:demo is a "
            "small version that takes minutes"
        )
    return lines


def summary(values: dict[str, float]) -> str:
    """The metrics that a line of the log has room for."""
    shown: dict[str, Any] = {
        "D": "loss/discriminator",
        "G": "loss/adversarial",
        "reconstruction": "reconstruction/squared_error",
        "IoU": "reconstruction/iou",
        "R's": "refiner/iou",
        "KL": "loss/kl",
        "D learns": "discriminator/update_share",
    }
    return " ".join(
        f"{label} {values[name]:.3g}" for label, name in shown.items() if name in values
    )
