import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.pytorch.pytorch_inputs import (
    CONVOLUTIONS,
    TRANSPOSED_SIZES,
    convolution_and_cotangent,
    operands,
    random,
)
from tests.pytorch.pytorch_values import from_pytorch
from vaegan_jax.models.convolutions import strided
from vaegan_jax.models.convolutions.strided import convolve, convolve_transposed

FORMULATIONS = ("plain", "gather", "winograd")


@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize("rank, taps, padding, size", CONVOLUTIONS)
def test_convolve_equals_pytorch(rank, taps, padding, size, formulation):
    x, kernel = operands(rank, taps, size, transposed=False)
    expected = from_pytorch(f"convolution/{rank}d/{size}", (x, kernel))["y"]
    actual = convolve(x, kernel, padding, formulation)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize("size", TRANSPOSED_SIZES)
def test_transposed_equals_pytorch(size, formulation):
    y, kernel = operands(3, 4, size, transposed=True)
    expected = from_pytorch(f"transposed/{size}", (y, kernel))["y"]
    actual = convolve_transposed(y, kernel, 1, formulation)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("formulation", ["gather", "winograd"])
@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("rank, taps, padding, size", CONVOLUTIONS)
def test_products_have_the_gradients_of_plain(
    rank, taps, padding, size, transposed, channels, formulation
):
    arguments = operands(rank, taps, size, transposed, channels)
    apply = convolve_transposed if transposed else convolve

    def output_and_gradients(formulation):
        @jax.jit  # one by one, some hundred operations would be compiled
        def run(*arguments):
            function = lambda a, k: apply(a, k, padding, formulation)  # noqa: E731
            output, pullback = jax.vjp(function, *arguments)
            return output, pullback(random(2, *output.shape))

        return run(*arguments)

    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4),
        output_and_gradients(formulation),
        output_and_gradients("plain"),
    )


@pytest.mark.parametrize("transposed", [False, True])
def test_gradients_of_plain_equal_pytorch(transposed):
    x, kernel, cotangent = given = convolution_and_cotangent(transposed)
    apply = convolve_transposed if transposed else convolve
    _, pullback = jax.vjp(lambda x, k: apply(x, k, 1, "plain"), x, kernel)
    name = f"gradients/{'transposed' if transposed else 'strided'}"
    expected = from_pytorch(name, given)
    for key, actual in zip(("x", "kernel"), pullback(cotangent), strict=True):
        np.testing.assert_allclose(actual, expected[key], rtol=1e-4, atol=1e-4)


def test_gradients_of_plain_are_those_of_a_strided_convolution():
    # XLA's GPU backend has kernels for these and none for a kernel's gradient through
    # cells with zeros between (`lhs_dilation`), which took half of a training step.
    def count(transposed):
        y, kernel = operands(3, 4, 8, transposed)
        apply = convolve_transposed if transposed else convolve

        def gradients(a, kernel):
            output, pullback = jax.vjp(lambda a, k: apply(a, k, 1, "plain"), a, kernel)
            return pullback(output)

        lowered = str(jax.make_jaxpr(gradients)(y, kernel))
        return [
            len(re.findall(rf"{name}=\(2, 2, 2\)", lowered))
            for name in ("window_strides", "lhs_dilation", "rhs_dilation")
        ]

    # Forward, input gradient, kernel gradient; transposed, the first two swap places.
    assert count(transposed=False) == count(transposed=True) == [1, 1, 1]


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_the_two_directions_are_adjoint(formulation):
    x, kernel = operands(3, 4, 8, transposed=False)
    y = jnp.asarray(random(3, 2, 4, 4, 4, 5))
    forward = jnp.vdot(convolve(x, kernel, 1, formulation), y)
    backward = jnp.vdot(x, convolve_transposed(y, kernel, 1, formulation))
    np.testing.assert_allclose(forward, backward, rtol=1e-4)


@pytest.mark.parametrize("transposed", [False, True])
def test_large_batches_in_parts_are_as_in_one(transposed, monkeypatch):
    x, kernel = operands(2, 5, 16, transposed)
    x = jnp.concatenate([x, 2 * x, 3 * x])  # six: parts of one, of two, of six
    apply = convolve_transposed if transposed else convolve

    def gradients(at_once):
        monkeypatch.setattr(strided, "_AT_ONCE", at_once)
        output, pullback = jax.vjp(lambda a, k: apply(a, k, 2, "gather"), x, kernel)
        return output, pullback(random(2, *output.shape))

    whole = gradients(1 << 30)
    for at_once in (1, x.nbytes // 3):
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4),
            gradients(at_once),
            whole,
        )
