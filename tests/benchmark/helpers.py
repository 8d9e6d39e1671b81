"""What the tests of benchmarks share."""

import os
import subprocess
import sys

from tests.helpers import ROOT


def start(*arguments, **environment):
    """A process of its own, whose imports are seen."""
    return subprocess.run(
        [sys.executable, "scripts/benchmark.py", *arguments],
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


class IdlePeer:
    """A peer that takes no time."""

    def __init__(self, *arguments):
        pass

    def __call__(self):
        return 1.0

    def close(self):
        pass
