"""For the tests of the library and of data_prep."""

import os
import signal

import pytest

# The background jobs of a shell ignore Ctrl-C, and so would commands that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers(config) -> int:
    """A worker for each core that may be used; none for chosen files alone.

    xdist counts the machine's cores, also those that a container may not use.
    """
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return 0
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
