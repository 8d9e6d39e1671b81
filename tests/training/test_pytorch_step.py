"""One whole training step of each model against the same step in PyTorch."""

import functools
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.helpers import ROOT, assert_trees_close, imported_modules, needs_pytorch
from tests.pytorch.pytorch_inputs import STEPS_IN_PYTORCH, standardise, training_step
from tests.pytorch.pytorch_values import PyTorchValues
from vaegan_jax.training import refinement


@pytest.fixture(scope="module")
def stored():
    return PyTorchValues()


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """What the installed PyTorch gives, in a process that TensorFlow stays out of."""
    path = tmp_path_factory.mktemp("pytorch") / "values.npz"
    made = subprocess.run(
        [
            *(sys.executable, "-X", "importtime", "-m"),
            *("tests.pytorch.make_pytorch_values", f"--output={path}"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    imported = imported_modules(made.stderr)
    assert "torch" in imported and "tensorflow" not in imported
    return PyTorchValues(path)


@functools.cache
def our_step(name):
    """A step with its given draws, the state after it, and its metrics."""
    this = training_step(name)
    left = list(this.uniform.values())
    if not this.setup.config.data.num_views:
        left.pop()  # the noise
    if this.setup.config.train.only_refiner:
        left = left[-1:]

    def draw(shape):
        numbers = left.pop(0)
        assert numbers.shape == shape
        return jnp.asarray(numbers)

    def uniform(key, shape, minval, maxval):
        return minval + (maxval - minval) * draw(shape)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jax.random, "uniform", uniform)
        patch.setattr(refinement, "_draw", lambda key, shape: jnp.zeros(shape))
        patch.setattr(jax.random, "normal", lambda key, shape: standardise(draw(shape)))
        state, metrics = this.setup.train_step(this.state, this.batch)
    assert not left
    return this, state, metrics


@pytest.mark.parametrize("name, way", STEPS_IN_PYTORCH)
@pytest.mark.parametrize(
    "origin",
    ["stored", pytest.param("live", marks=[pytest.mark.slow, needs_pytorch])],
)
def test_a_whole_step_equals_pytorch(name, way, origin, request):
    values = request.getfixturevalue(origin)
    this, state, metrics = our_step(name)
    expected = values(f"step/{name}/{way}", this.inputs)
    for loss, value in expected["losses"].items():
        np.testing.assert_allclose(metrics[loss], value, rtol=1e-3)
    for net, moments in expected["moments"].items():
        scale = max(abs(m).max() for m in jax.tree.leaves(moments))
        actual = getattr(state, net).opt_state.mu
        assert_trees_close(actual, moments, rtol=5e-3, atol=1e-4 * scale)
    for net, stats in expected["batch_stats"].items():
        actual = state.decoder_stats
        if net != "decoder":
            actual = getattr(state, net).batch_stats
        assert_trees_close(actual, stats, rtol=2e-3, atol=1e-4)


@pytest.mark.slow
@needs_pytorch
def test_what_is_stored_is_what_todays_pytorch_gives(stored, live):
    assert stored.names == live.names
    for name in stored.names:
        expected, actual = stored.outputs(name), live.outputs(name)
        assert expected.keys() == actual.keys()
        for part, values in expected.items():
            np.testing.assert_allclose(
                *(actual[part], values),
                rtol=1e-4,
                atol=1e-5 * abs(values).max(),
                err_msg=f"{name} {part}",
            )


def test_other_inputs_than_pytorch_had_are_told_so(stored):
    given = {"params": np.ones(3, np.float32)}
    with pytest.raises(AssertionError, match=r"'adam'.*make_pytorch_values"):
        stored("adam", given)
    with pytest.raises(AssertionError, match="'no such'"):
        stored("no such", given)
