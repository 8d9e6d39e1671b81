import multiprocessing
import os
import pathlib

import pytest

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.lock import hold


def test_a_second_run_is_refused_and_told_who_is_there(tmp_path):
    workdir = tmp_path / "new" / "run"
    with hold(workdir):
        message = rf"another run .*{workdir} \(process {os.getpid()} on "
        with pytest.raises(UserError, match=message), hold(workdir):
            pass
    with hold(workdir):
        pass


def test_what_runs_do_there_and_the_flag_are_told(tmp_path):
    told = rf"another run is drawing in {tmp_path} .*choose another --output"
    again = hold(tmp_path, "drawing", "--output")
    with hold(tmp_path), pytest.raises(UserError, match=told), again:
        pass


def hold_for_ever(workdir, ready):
    with hold(workdir):
        ready.set()
        multiprocessing.Event().wait()


def test_the_lock_goes_with_a_killed_process(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=hold_for_ever, args=(tmp_path, ready))
    process.start()
    assert ready.wait(60)
    with pytest.raises(UserError, match=f"process {process.pid} on"), hold(tmp_path):
        pass
    process.kill()
    process.join()
    with hold(tmp_path):
        pass


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    message = r"cannot write to .*file/run \(Not a directory\)"
    with pytest.raises(UserError, match=message), hold(tmp_path / "file/run"):
        pass
    proc = pathlib.Path("/proc/run")
    with pytest.raises(UserError, match="/proc/run"), hold(proc):
        pass
