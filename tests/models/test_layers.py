import jax
import jax.numpy as jnp
import numpy as np

from tests.pytorch.pytorch_inputs import batch_norm
from tests.pytorch.pytorch_values import from_pytorch
from vaegan_jax.models.convolutions import same
from vaegan_jax.models.layers import BatchNorm, Convolution


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


def test_a_convolution_keeps_sizes_and_adds_its_bias():
    x = jax.random.normal(jax.random.key(0), (2, 4, 4, 4, 3))
    module = Convolution(5, use_bias=True, formulation="winograd")
    params = module.init(jax.random.key(1), x)["params"]
    kernel, bias = params["kernel"], params["bias"]
    assert (kernel.shape, bias.shape) == ((3, 3, 3, 3, 5), (5,))
    bound = 1 / np.sqrt(27 * 3)
    assert 0.9 * bound < abs(kernel).max() <= bound and not bias.any()
    given = {"params": {"kernel": kernel, "bias": bias + 2}}
    y = same.convolve(x, kernel, "plain") + 2
    np.testing.assert_allclose(module.apply(given, x), y, rtol=1e-4, atol=1e-5)


def test_a_convolution_of_half_precision_keeps_float32_parameters():
    x = jnp.ones((1, 4, 4, 2))
    ones = jax.nn.initializers.ones
    module = Convolution(3, kernel_init=ones, dtype=jnp.bfloat16)
    y, variables = module.init_with_output(jax.random.key(0), x)
    assert y.dtype == jnp.bfloat16
    assert set(variables["params"]) == {"kernel"}
    assert variables["params"]["kernel"].dtype == jnp.float32
    assert (y[0, 1, 1] == 9 * 2).all() and (y[0, 0, 0] == 4 * 2).all()
