"""Ctrl-C and SIGTERM as a request to stop after the current step."""

import signal
from collections.abc import Callable
from typing import Any


class _BrokenOff(BaseException):
    """Passes through everything that catches errors."""


class StopRequest:
    """While open, notes SIGINT and SIGTERM instead of letting them end the process.

    A second signal of the same kind has its usual effect, for those who cannot wait.

    Attributes:
      signum: the signal that came, or None.
    """

    def __init__(self):
        self.signum: int | None = None
        self._breaks = False

    def __enter__(self):
        self._previous = {
            signum: signal.signal(signum, self._note)
            for signum in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def attempt(self, function: Callable, *arguments) -> Any:
        """The function's result, or None if a signal came before its end.

        A signal breaks it off: for work that is worth less than a state that has not
        been saved when those who sent the signal lose patience.
        """
        if self.signum:
            return None
        try:
            # Two levels, for the signal may come in `finally` itself.
            try:
                self._breaks = True
                return function(*arguments)
            finally:
                self._breaks = False
        except _BrokenOff:
            return None

    def _note(self, signum, frame):
        self.signum = signum
        signal.signal(signum, self._previous[signum])
        if self._breaks:
            self._breaks = False
            raise _BrokenOff

    def __exit__(self, *exception):
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)
