"""How much memory there is to take."""

import contextlib
import os
import pathlib
import resource
from collections.abc import Iterator

_CGROUPS = pathlib.Path("/sys/fs/cgroup")
_GROUPS_OF_THIS = pathlib.Path("/proc/self/cgroup")
_STATUS = pathlib.Path("/proc/self/status")


def free_memory() -> int:
    """Bytes that this process may still take, as far as the system tells.

    The least of what the machine has left (that of the page cache counts), what the
    limits of the control groups leave, such as a container's or a Slurm job's, and
    those of this process (`ulimit -v`, `ulimit -d`).
    """
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = [physical, *_of_control_groups(), *_of_this_process()]
    with contextlib.suppress(OSError, StopIteration):
        lines = pathlib.Path("/proc/meminfo").read_text("ascii").splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        found.append(1024 * int(line.split()[1]))
    return max(0, min(found))


def _of_this_process() -> Iterator[int]:
    """What its limits leave of address space and of data."""
    for kind, taken in (
        (resource.RLIMIT_AS, "VmSize:"),
        (resource.RLIMIT_DATA, "VmData:"),
    ):
        limit, _ = resource.getrlimit(kind)
        if limit == resource.RLIM_INFINITY:
            continue
        with contextlib.suppress(OSError, StopIteration):
            lines = _STATUS.read_text("utf-8").splitlines()
            line = next(line for line in lines if line.startswith(taken))
            limit -= 1024 * int(line.split()[1])
        yield limit


def _of_control_groups() -> Iterator[int]:
    """What each control group of this process has left, of either version."""
    try:
        groups = _GROUPS_OF_THIS.read_text("utf-8").splitlines()
    except OSError:
        return
    for group in groups:
        _, kinds, path = group.split(":", 2)
        if kinds not in ("", "memory"):
            continue
        root = _CGROUPS / kinds
        names = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            if kinds
            else ("memory.max", "memory.current", "inactive_file")
        )
        below = root / path.lstrip("/")
        for folder in (below, *below.parents):
            if folder.is_relative_to(root):
                yield from _left_in(folder, *names)


def _left_in(folder: pathlib.Path, limit: str, usage: str, cached: str):
    with contextlib.suppress(OSError, ValueError, KeyError):  # "max" is no number
        read = lambda name: (folder / name).read_text("ascii")  # noqa: E731
        most, taken = int(read(limit)), int(read(usage))
        lines = read("memory.stat").splitlines()
        yield most - taken + int(dict(line.split() for line in lines)[cached])


def readable(size: int) -> str:
    """Bytes as people say them: 4.9 GB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
