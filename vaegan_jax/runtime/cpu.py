"""What computations on a CPU need to know of it and its C library."""

import ctypes
import os
import sys

# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_freed_memory() -> None:
    """Keeps memory that is freed for the next allocation, where this is Linux's glibc.

    XLA's CPU backend allocates the temporary memory of a step anew each time. By
    default the C library maps so large a piece freshly and gives it back at the end,
    and the kernel clears every page of it again: a fifth of a training step's time.

    The setting holds for the heap of the main thread. So computations are started
    there, not in a thread of JAX's own. (A single heap for all threads would do as
    well, were it not in fragments after compiling, in which steps take twice as long.)

    Call it before JAX's first computation.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return
    mallopt(_MMAP_MAX, 0)
    mallopt(_TRIM_THRESHOLD, -1)  # never; the largest number would be 2 GiB
    import jax  # not above: making data sets needs no JAX

    jax.config.update("jax_cpu_enable_async_dispatch", False)


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
