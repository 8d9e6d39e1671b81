"""Traces of steps are written, also when a run ends on the way."""

import jax
import jax.numpy as jnp
import pytest

from vaegan_jax.trainer.profiling import StepTrace

_double = jax.jit(lambda x: 2 * x)


@pytest.mark.parametrize("steps, traced", [(14, True), (9, True), (5, False)])
def test_some_steps_are_traced(tmp_path, steps, traced):
    trace = StepTrace(tmp_path / "profile")
    for done in range(1, steps + 1):
        trace.after(done, _double(jnp.ones(3)))
    trace.close()
    written = list(tmp_path.glob("profile/plugins/profile/*/perfetto_trace.json.gz"))
    assert len(written) == traced


def test_without_a_directory_nothing_is_traced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trace = StepTrace(None)
    for done in range(1, 15):
        trace.after(done, jnp.ones(3))
    trace.close()
    assert not list(tmp_path.iterdir())
