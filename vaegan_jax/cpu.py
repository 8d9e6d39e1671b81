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

    Threads keep heaps ("arenas") of their own: in a single one that compiling has left
    in fragments, steps take half as long again, and its lock slows compiling down.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return
    mallopt(_MMAP_MAX, 0)
    mallopt(_TRIM_THRESHOLD, 2**31 - 1)


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
