"""A bound on memory: a file from a stranger must not bring the machine down."""

import contextlib
import os
import resource


def limit_memory(processes: int = 1) -> None:
    """Gives this process, one of several alike, its share of the machine's memory.

    Beyond it, what asks for memory gets a `MemoryError`, and the file that was being
    read can be named. Without a bound the kernel would end some process. Where the
    system knows no such bound, there is none.
    """
    with contextlib.suppress(OSError, ValueError):
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        share = physical // processes
        if most != resource.RLIM_INFINITY:
            share = min(share, most)
        resource.setrlimit(resource.RLIMIT_DATA, (share, most))
