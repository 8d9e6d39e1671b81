"""A trace of a few training steps, for TensorBoard and Perfetto."""

import pathlib
from typing import Any

import jax

# Steps after the start, when everything is compiled and the pipeline is full.
_FIRST, _LAST = 8, 12


class StepTrace:
    """Traces steps 8 to 12 after the start of a run.

    Args:
      directory: where the trace goes; None traces nothing. `tensorboard --logdir` shows
        it with the plugin `xprof`, https://ui.perfetto.dev opens the
        `perfetto_trace.json.gz` in it.
    """

    def __init__(self, directory: pathlib.Path | None):
        self._directory, self._running = directory, False

    def after(self, done: int, metrics: Any) -> None:
        """To call after each step.

        Args:
          done: steps since the start.
          metrics: of the step, to wait for at the end.
        """
        if self._directory is None:
            return
        if done == _FIRST - 1:
            jax.block_until_ready(metrics)
            jax.profiler.start_trace(self._directory, create_perfetto_trace=True)
            self._running = True
        if done == _LAST:
            jax.block_until_ready(metrics)
            self.close()

    def close(self) -> None:
        """Writes what there is, if the run ends on the way."""
        if self._running:
            jax.profiler.stop_trace()
            self._running = False
