"""Freed memory is kept: what a computation needs is not mapped again."""

import subprocess
import sys

import pytest

# Products, 64 MiB, are what the computation needs for itself.
SCRIPT = """
import resource, sys
from vaegan_jax.cpu import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()
import jax, jax.numpy as jnp

compute = jax.jit(lambda x: (x @ x.T).max())
numbers = jnp.ones((4096, 64))

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        compute(numbers).block_until_ready()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_computations_reuse_pages():
    def faults(mode):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, mode], capture_output=True, text=True
        )
        return int(run.stdout)

    # 64 MiB are 16,384 pages of 4 KiB, or 32 of 2 MiB.
    assert faults("keep") < faults("give back") / 4
