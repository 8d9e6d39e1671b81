import jax
import jax.numpy as jnp
import numpy as np

from tests.pytorch.pytorch_inputs import batch_norm
from tests.pytorch.pytorch_values import from_pytorch
from vaegan_jax.models.layers import BatchNorm


def assert_equal_to_pytorch(name, **options):
    """The output, and the running statistics after it."""
    given = batch_norm()
    variables = given["variables"]
    expected = from_pytorch(f"batch_norm/{name}", given)
    actual, updated = BatchNorm().apply(
        variables, given["x"], **options, mutable=["batch_stats"]
    )
    np.testing.assert_allclose(actual, expected["y"], rtol=1e-4, atol=1e-5)
    statistics = {**variables, **updated}["batch_stats"]
    np.testing.assert_allclose(statistics["mean"], expected["mean"], rtol=1e-5)
    np.testing.assert_allclose(statistics["var"], expected["var"], rtol=1e-4)


def test_training_equals_pytorch_with_running_statistics():
    assert_equal_to_pytorch("training", train=True)


def test_evaluation_equals_pytorch_and_changes_nothing():
    assert_equal_to_pytorch("evaluation", train=False)


def test_groups_equal_separate_calls_in_a_row():
    assert_equal_to_pytorch("groups", train=True, groups=3)


def test_low_precision_activations_keep_float32_statistics():
    x = jnp.full((512, 3), 300.0, jnp.bfloat16)  # the sum leaves bfloat16's precision
    module = BatchNorm()
    variables = module.init(jax.random.key(0), x, train=False)
    y, updated = module.apply(variables, x, train=True, mutable=["batch_stats"])
    assert y.dtype == jnp.bfloat16
    mean = updated["batch_stats"]["mean"]
    assert mean.dtype == jnp.float32
    np.testing.assert_allclose(mean, 0.1 * 300, rtol=1e-5)
