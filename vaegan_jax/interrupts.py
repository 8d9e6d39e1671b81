"""Ctrl-C and SIGTERM as a request to stop after the current step."""

import signal


class StopRequest:
    """While open, notes SIGINT and SIGTERM instead of letting them end the process.

    A second signal of the same kind has its usual effect, for those who cannot wait.

    Attributes:
      signum: the signal that came, or None.
    """

    def __init__(self):
        self.signum: int | None = None

    def __enter__(self):
        self._previous = {
            signum: signal.signal(signum, self._note)
            for signum in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def _note(self, signum, frame):
        self.signum = signum
        signal.signal(signum, self._previous[signum])

    def __exit__(self, *exception):
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)
