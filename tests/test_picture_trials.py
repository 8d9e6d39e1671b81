"""Damaged pictures are read or refused, in bounded time and memory."""

import os
import subprocess
import sys

import pytest
from helpers import ROOT


@pytest.mark.slow
def test_damaged_pictures_are_read_or_refused():
    """A process of its own, for it bounds its memory."""
    done = subprocess.run(
        [sys.executable, "tests/picture_trials.py", "--mutations=80", "--seed=1"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr
