"""Results come in order, errors come through, and nothing keeps running."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

from data_prep.making.parallel import parallel_map
from vaegan_jax.errors import UserError


def square(x):
    return x * x, os.getpid(), os.environ.get("OMP_NUM_THREADS")


def fail_at_thirty(x):
    if x == 30:
        raise ValueError("chair 30 is broken")
    return x


def die_at_thirty(x):
    if x == 30:
        time.sleep(0.2)  # while the other worker is at something as well
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
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
    with pytest.raises(UserError, match=r"dying: a worker .* killed at chair 30, prob"):
        list(parallel_map(die_at_thirty, range(60), "dying", 2, "chair {}".format))


def test_stopping_early_leaves_no_worker_behind():
    results = parallel_map(square, range(200), "stopping", 2)
    workers = {next(results)[1] for _ in range(8)}
    results.close()
    time.sleep(0.1)
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


INTERRUPTED = """
import sys
from data_prep.making import parallel_test
from data_prep.making.parallel import parallel_map

if __name__ == "__main__":
    try:
        print("starting", flush=True)  # Ctrl-C may come at once from here on
        for _ in parallel_map(parallel_test.take_a_minute, range(50), "slow", 2):
            pass
    except KeyboardInterrupt:
        sys.exit(130)
"""


def make_much(x):
    return bytes(1 << 26)  # much more than a pipe holds


def test_workers_that_end_amid_a_result_are_not_waited_for():
    results = parallel_map(make_much, range(40), "making", 2)
    next(results)
    closing = threading.Thread(target=results.close, daemon=True)
    closing.start()
    closing.join(timeout=60)
    assert not closing.is_alive()


def take_a_minute(x):
    time.sleep(60)
    return x


def echo_slowly(x):
    time.sleep(0.2)
    return x


def alive_in_group(group):
    """Process ids in a process group, but for those that only wait to be reaped."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,pgid=,stat="], capture_output=True, text=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [pid for pid, pgid, state in rows if pgid == str(group) and state[0] != "Z"]


def test_no_thread_outlives_what_is_broken_off():
    """Python's exit would trip over the pipes that it is about to close."""
    before = set(threading.enumerate())
    results = parallel_map(echo_slowly, range(50), "slow", 2)
    next(results)
    results.close()
    assert not [t for t in set(threading.enumerate()) - before if not t.daemon]


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2, 1.0, 4.0])
def test_ctrl_c_ends_all_at_any_moment(tmp_path, seconds):
    """While workers start, while they import, and while they are at work."""
    script = tmp_path / "interrupted.py"
    script.write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=pathlib.Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stdout.readline() == "starting\n"
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    try:
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 130 and "Traceback" not in errors
        deadline = time.monotonic() + 10
        while alive_in_group(process.pid):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
