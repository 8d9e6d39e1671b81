"""Freed memory is kept: what a computation needs is not mapped again."""

import subprocess
import sys

import pytest

# The product of 64 MiB is what the computation needs for itself: whole, because another
# product takes it.
SCRIPT = """
import resource, sys
from vaegan_jax.runtime.cpu import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()
import jax, jax.numpy as jnp

compute = jax.jit(lambda x: (x @ x.T) @ x)
numbers = jnp.ones((4096, 64))

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        compute(numbers).block_until_ready()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

for _ in range(4):  # until the heap has found its size
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


HEAP = """
import ctypes, sys
from vaegan_jax.runtime.cpu import keep_freed_memory

class Info(ctypes.Structure):  # what mallinfo2(3) returns
    _fields_ = [("arena", ctypes.c_size_t), ("others", ctypes.c_size_t * 9)]

keep_freed_memory()
libc = ctypes.CDLL(None)
if not hasattr(libc, "mallinfo2"):
    sys.exit("no mallinfo2")
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes, libc.mallinfo2.restype = [ctypes.c_void_p], Info
piece = libc.malloc(5 << 29)
if not piece:
    sys.exit("no memory")
libc.free(piece)
print(libc.mallinfo2().arena)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_more_than_two_gibibytes_are_kept_too():
    """A step on many large views takes so much; here none of it is written to."""
    run = subprocess.run([sys.executable, "-c", HEAP], capture_output=True, text=True)
    if run.stderr.strip() in ("no mallinfo2", "no memory"):
        pytest.skip(f"the size of the heap cannot be tested: {run.stderr.strip()}")
    assert int(run.stdout) >= 5 << 29, run.stderr
