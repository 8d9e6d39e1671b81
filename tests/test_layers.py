import jax
import jax.numpy as jnp
import numpy as np
import torch

from vaegan_jax.models.layers import BatchNorm


def tensor(x):
    return torch.tensor(np.array(x))


def setup(shape=(6, 4, 4, 3)):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(2, 3, shape), jnp.float32)
    variables = {
        "params": {"scale": [1, 2, 3], "bias": [0.1, 0.2, 0.3]},
        "batch_stats": {"mean": [1, 2, 3], "var": [4, 5, 6]},
    }
    variables = {
        kind: {name: jnp.array(value, jnp.float32) for name, value in group.items()}
        for kind, group in variables.items()
    }
    layer = torch.nn.BatchNorm2d(3)
    with torch.no_grad():
        layer.weight.copy_(tensor(variables["params"]["scale"]))
        layer.bias.copy_(tensor(variables["params"]["bias"]))
        layer.running_mean.copy_(tensor(variables["batch_stats"]["mean"]))
        layer.running_var.copy_(tensor(variables["batch_stats"]["var"]))
    return x, variables, layer


def apply_torch(layer, x):
    return layer(tensor(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).detach()


def test_training_equals_pytorch_with_running_statistics():
    x, variables, layer = setup()
    actual, updated = BatchNorm().apply(
        variables, x, train=True, mutable=["batch_stats"]
    )
    np.testing.assert_allclose(actual, apply_torch(layer, x), rtol=1e-4, atol=1e-5)
    statistics = updated["batch_stats"]
    np.testing.assert_allclose(statistics["mean"], layer.running_mean, rtol=1e-5)
    np.testing.assert_allclose(statistics["var"], layer.running_var, rtol=1e-4)


def test_evaluation_equals_pytorch_and_changes_nothing():
    x, variables, layer = setup()
    layer.eval()
    actual = BatchNorm().apply(variables, x, train=False)
    np.testing.assert_allclose(actual, apply_torch(layer, x), rtol=1e-4, atol=1e-5)


def test_groups_equal_separate_calls_in_a_row():
    x, variables, layer = setup()
    actual, updated = BatchNorm().apply(
        variables, x, train=True, groups=3, mutable=["batch_stats"]
    )
    expected = np.concatenate([apply_torch(layer, x[i : i + 2]) for i in (0, 2, 4)])
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    statistics = updated["batch_stats"]
    np.testing.assert_allclose(statistics["mean"], layer.running_mean, rtol=1e-5)
    np.testing.assert_allclose(statistics["var"], layer.running_var, rtol=1e-4)


def test_low_precision_activations_keep_float32_statistics():
    x = jnp.full((512, 3), 300.0, jnp.bfloat16)  # the sum leaves bfloat16's precision
    module = BatchNorm()
    variables = module.init(jax.random.key(0), x, train=False)
    y, updated = module.apply(variables, x, train=True, mutable=["batch_stats"])
    assert y.dtype == jnp.bfloat16
    mean = updated["batch_stats"]["mean"]
    assert mean.dtype == jnp.float32
    np.testing.assert_allclose(mean, 0.1 * 300, rtol=1e-5)
