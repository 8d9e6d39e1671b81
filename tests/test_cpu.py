"""Freed memory is kept: large arrays come back without being mapped again."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
import numpy as np
from vaegan_jax.cpu import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        np.empty(1 << 26, np.uint8).fill(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_large_arrays_reuse_pages():
    def faults(mode):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, mode], capture_output=True, text=True
        )
        return int(run.stdout)

    # 64 MiB are 16,384 pages of 4 KiB, or 32 of 2 MiB.
    assert faults("keep") < faults("give back") / 4
