"""Two of the kills of kill_trials.py, which does a hundred."""

import os

import pytest

from tests.trainer import kill_trials


@pytest.mark.slow
def test_kills_leave_no_trace(tmp_path, monkeypatch):
    """Each start is a process of its own, which takes some seconds."""
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "cache"))
    killer = kill_trials.Killer(tmp_path, kill_trials.PRELOADED, seed=0)
    kill_trials.training_trials(killer, 2, tmp_path)
    assert killer.tally.total() == 2
