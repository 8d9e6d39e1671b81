"""Damaged files of all formats are read or refused, in bounded time and memory."""

import subprocess
import sys

import pytest

from tests.helpers import ROOT


@pytest.mark.slow
@pytest.mark.parametrize(
    "program, mutations", [("fuzz_trials", 400), ("picture_trials", 80)]
)
def test_damaged_files_are_read_or_refused(program, mutations):
    """A process of its own, for it bounds its memory."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", f"tests.shapes.{program}"),
            *(f"--mutations={mutations}", "--seed=1"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr
