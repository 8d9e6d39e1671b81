"""Results come in order, errors come through, and nothing keeps running."""

import os
import time

import pytest

from data_prep.parallel import parallel_map
from vaegan_jax.errors import UserError


def square(x):
    return x * x, os.getpid(), os.environ.get("OMP_NUM_THREADS")


def fail_at_thirty(x):
    if x == 30:
        raise ValueError("chair 30 is broken")
    return x


def die_at_thirty(x):
    if x == 30:
        os._exit(9)
    return x


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_order(processes, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    results = list(parallel_map(square, range(50), "squares", processes))
    assert [value for value, _, _ in results] == [x * x for x in range(50)]
    others = {process for _, process, _ in results} - {os.getpid()}
    assert bool(others) == (processes > 1)
    if others:
        assert {threads for _, _, threads in results} == {"1"}
    assert "OMP_NUM_THREADS" not in os.environ


def test_errors_come_through():
    with pytest.raises(ValueError, match="chair 30 is broken"):
        list(parallel_map(fail_at_thirty, range(60), "failing", 2))


def test_a_killed_worker_is_reported():
    with pytest.raises(UserError, match="dying: a worker process was killed"):
        list(parallel_map(die_at_thirty, range(60), "dying", 2))


def test_stopping_early_leaves_no_worker_behind():
    results = parallel_map(square, range(200), "stopping", 2)
    workers = {next(results)[1] for _ in range(8)}
    results.close()
    time.sleep(0.1)
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
