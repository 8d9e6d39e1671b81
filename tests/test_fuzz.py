"""Damaged files of all formats are read or refused, in bounded time and memory."""

import os
import subprocess
import sys

import pytest
from helpers import ROOT


@pytest.mark.slow
@pytest.mark.parametrize(
    "program, mutations", [("fuzz_trials.py", 400), ("picture_trials.py", 80)]
)
def test_damaged_files_are_read_or_refused(program, mutations):
    """A process of its own, for it bounds its memory."""
    done = subprocess.run(
        [sys.executable, f"tests/{program}", f"--mutations={mutations}", "--seed=1"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr
