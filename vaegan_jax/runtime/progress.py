"""How far long work has come, on standard error. Needs neither JAX nor TensorFlow."""

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from tqdm import tqdm

_LINE = "{desc}: {n_fmt}/{total_fmt}, {elapsed} passed, {remaining} left{postfix}"
_SECONDS = 10.0  # between two lines


def is_terminal() -> bool:
    """Whether standard error is a terminal on which a bar can be drawn."""
    if not sys.stderr.isatty():
        return False
    try:
        # That of a container or of a job may have no columns.
        return os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except OSError:
        return True  # it does not tell


class Progress(tqdm):
    """A tqdm bar on a terminal; elsewhere plain lines without carriage returns.

    Lines come at the beginning, at each stage and at the end, and between them at most
    every ten seconds. All is written by the thread that calls a method, and only then:
    what is timed between two calls is not disturbed.

    Args:
      title: what is being done.
      items: what is iterated over; without them `update` counts.
      total: how many there are, if the items do not tell.
      **options: tqdm's.
    """

    monitor_interval = 0  # seconds; tqdm's thread would write when it likes

    def __init__(
        self,
        title: str = "",
        items: Iterable | None = None,
        total: int | None = None,
        **options: Any,
    ):
        self._title, self._lines = title, not is_terminal()
        # The time left follows from the mean speed: stages take their time at once.
        usual = {"leave": None, "miniters": 0, "smoothing": 0, "dynamic_ncols": True}
        if self._lines:
            options |= {
                "file": _Lines(sys.stderr),
                "bar_format": _LINE,
                "mininterval": _SECONDS,
                "position": 0,
            }
        super().__init__(items, title, total, **(usual | options))

    def stage(self, what: str) -> None:
        """Tells what is done from now on."""
        self.set_postfix_str("", refresh=False)
        self.set_description_str(f"{self._title}, {what}")

    def at(self, part: str) -> None:
        """Tells which part of a stage is done from now on, if it is time for a line."""
        self.set_postfix_str(part, refresh=not self._lines)
        self.update(0)

    @contextlib.contextmanager
    def counted(self, part: str) -> Iterator[None]:
        """Tells which part is done within, and counts it as one of the total."""
        self.at(part)
        yield
        self.update()


class _Lines:
    """A file in which what tqdm would write over the last line is a line of its own."""

    def __init__(self, stream: io.TextIOBase):
        self._stream, self._last = stream, ""

    def write(self, text: str) -> None:
        line = text.strip()
        if line and line != self._last:
            self._stream.write(line + "\n")
            self._last = line

    def flush(self) -> None:
        self._stream.flush()


def print_above(text: str) -> None:
    """Prints a line to standard output, above the bars that there are."""
    tqdm.write(text, file=sys.stdout)
    sys.stdout.flush()
