"""The files that training logs to: text, and TensorBoard's events.

Both hold every step once, however often a run was killed and started again.
"""

import logging
import os
import pathlib
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from tensorboardX import summary
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog

from vaegan_jax.errors import UserError

_STEP = re.compile(r"\d\d:\d\d:\d\d step (\d+)[/:]")
_FLUSH_SECONDS = 30


class LogFile(logging.FileHandler):
    """Appends to a text file; training that cannot log ends with a `UserError`."""

    def __init__(self, path: str | os.PathLike):
        super().__init__(path, encoding="utf-8")

    def handleError(self, record):
        with _explained(self.baseFilename):
            raise sys.exc_info()[1]

    def close(self):
        with _explained(self.baseFilename):
            super().close()


class EventFile:
    """TensorBoard's events from one start of a run on.

    tensorboardX's own writer hands events to a thread, which dies unnoticed when the
    disk is full.
    """

    def __init__(self, folder: pathlib.Path, first_step: int):
        """Opens a new file in the folder, made if missing.

        Events of `first_step` and later ones in older files, which a run that was
        killed after its last checkpoint leaves behind, are hidden.
        """
        self._folder = folder
        self._flushed = time.monotonic()
        with _explained(folder):
            folder.mkdir(exist_ok=True)
            self._writer = EventsWriter(str(folder / "events"))
            start = SessionLog(status=SessionLog.START)
            self._write(Event(step=first_step, session_log=start))
            self._writer.flush()

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Adds scalars of a step."""
        for name, value in values.items():
            self._add(step, summary.scalar(name, value))

    def image(self, name: str, step: int, pixels: np.ndarray) -> None:
        """Adds a picture (h, w, 3) uint8 of a step."""
        self._add(step, summary.image(name, pixels, dataformats="HWC"))

    def flush(self) -> None:
        """Returns when everything is on disk."""
        with _explained(self._folder):
            self._writer.flush()
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Flushes and closes the file."""
        with _explained(self._folder):
            self._writer.close()

    def _add(self, step: int, values) -> None:
        with _explained(self._folder):
            self._write(Event(step=step, summary=values))
        if time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        self._writer.write_event(event)


def cut_log(path: pathlib.Path, step: int) -> None:
    """Removes the lines of later steps than `step`, and what is no whole line.

    These steps come again: a run that was killed goes on from an earlier checkpoint.
    """
    if not path.exists():
        return
    with _explained(path):
        lines = path.read_text("utf-8", errors="replace").splitlines(keepends=True)
        kept = [
            line for line in lines if line.endswith("\n") and not _later(line, step)
        ]
        if len(kept) == len(lines):
            return
        partial = path.with_suffix(".partial")
        partial.write_text("".join(kept), "utf-8")
        os.replace(partial, path)


def _later(line: str, step: int) -> bool:
    found = _STEP.match(line)
    return found is not None and int(found[1]) > step


@contextmanager
def _explained(path) -> Iterator[None]:
    """Turns what the file system refuses into a `UserError`."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot write {path} ({error.strerror}), so training stopped; its "
            "checkpoints are kept: mend that, and the same command goes on"
        ) from error
