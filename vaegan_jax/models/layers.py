"""The layers that all networks are made of.

BatchNorm rules, for every user of these modules:

- Every apply returns its new running statistics; whoever updates one network keeps the
  statistics of that network alone and drops those of the others.
- Real and generated shapes go through the discriminator in separate calls, because
  their statistics differ.
- Momentum 0.9 and epsilon 1e-5 equal PyTorch's 0.1 and 1e-5.
- No bias before a BatchNorm, which would subtract it again.
- Training normalises with the batch's statistics, evaluation with the running ones.
- Devices that share a batch normalise with the statistics of all of it.

Parameters and statistics are float32; `dtype` is the precision of the products.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vaegan_jax.distributed.partition import count_shares, mean_over_shares
from vaegan_jax.models.convolutions import same, strided
from vaegan_jax.models.convolutions.strided import Formulation

MOMENTUM = 0.9
EPSILON = 1e-5

# Uniform within ±1/√fan_in, PyTorch's default for dense and convolution layers.
kernel_init = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")


class StridedConvolution(nn.Module):
    """Halves every spatial size; `transposed` doubles it, with the adjoint kernel.

    Attributes:
      features: output channels.
      kernel_size: taps per axis.
      padding: zeros on either side of each axis.
      transposed: whether to apply the adjoint of the strided convolution.
      use_bias: whether to add a bias (not before a BatchNorm).
      initial_bias: its value before training.
      formulation: how to compute it, see `convolutions`.
      dtype: precision of the products.
    """

    features: int
    kernel_size: int
    padding: int
    transposed: bool = False
    use_bias: bool = False
    initial_bias: float = 0.0
    formulation: Formulation = "plain"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "b *n c"]) -> Float[Array, "b *m o"]:
        channels = (x.shape[-1], self.features)
        if self.transposed:
            channels = channels[::-1]
        taps = (self.kernel_size,) * (x.ndim - 2)
        kernel = self.param("kernel", kernel_init, (*taps, *channels))
        apply = strided.convolve_transposed if self.transposed else strided.convolve
        y = apply(
            x.astype(self.dtype),
            kernel.astype(self.dtype),
            self.padding,
            self.formulation,
        )
        if self.use_bias:
            init = nn.initializers.constant(self.initial_bias)
            bias = self.param("bias", init, (self.features,))
            y = y + bias.astype(self.dtype)
        return y


class Convolution(nn.Module):
    """Keeps every spatial size: stride 1, with zeros around the input.

    Attributes:
      features: output channels.
      kernel_size: taps per axis, an odd number.
      use_bias: whether to add a bias (not before a BatchNorm).
      kernel_init: how the kernel begins.
      formulation: how to compute it, see `convolutions`.
      dtype: precision of the products.
    """

    features: int
    kernel_size: int = 3
    use_bias: bool = False
    kernel_init: nn.initializers.Initializer = kernel_init
    formulation: Formulation = "plain"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "b *n c"]) -> Float[Array, "b *n o"]:
        taps = (self.kernel_size,) * (x.ndim - 2)
        shape = (*taps, x.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        y = same.convolve(
            x.astype(self.dtype), kernel.astype(self.dtype), self.formulation
        )
        if self.use_bias:
            bias = self.param("bias", nn.initializers.zeros, (self.features,))
            y = y + bias.astype(self.dtype)
        return y


class BatchNorm(nn.Module):
    """Batch normalisation, optionally with statistics of its own for parts of a batch.

    Source: Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167. The running
    variance takes the unbiased estimate, as PyTorch's does.
    """

    @nn.compact
    def __call__(
        self, x: Float[Array, "b *n c"], *, train: bool, groups: int = 1
    ) -> Float[Array, "b *n c"]:
        """Normalises over all axes but the last.

        Args:
          x: activations.
          train: normalise with the statistics of `x` and update the running ones,
            instead of normalising with the running ones.
          groups: the batch is that many equal consecutive parts. Each is normalised by
            itself, and the running statistics take them in order, exactly as if each
            part had come through the layer in a call of its own.

        Returns:
          The normalised, scaled and shifted activations, in the dtype of `x`.
        """
        features = x.shape[-1]
        scale = self.param("scale", nn.initializers.ones, (features,))
        shift = self.param("bias", nn.initializers.zeros, (features,))
        mean = self.variable("batch_stats", "mean", jnp.zeros, (features,))
        variance = self.variable("batch_stats", "var", jnp.ones, (features,))
        if not train:
            factor = scale * jax.lax.rsqrt(variance.value + EPSILON)
            offset = shift - mean.value * factor
            return (x * factor + offset).astype(x.dtype)

        parts = x.reshape(groups, -1, features)
        normalised, part_mean, part_variance = _normalise(parts, scale, shift)
        if not self.is_initializing():
            count = parts.shape[1] * count_shares()
            unbiased = part_variance * (count / max(count - 1, 1))
            mean.value = follow(mean.value, part_mean)
            variance.value = follow(variance.value, unbiased)
        return normalised.reshape(x.shape)


def _sum_products(
    a: Float[Array, "g n c"], b: Float[Array, "g n c"]
) -> Float[Array, "g c"]:
    """Σ_n a b in float32.

    XLA's CPU backend takes thirty times longer for the fused product and sum than for
    the same thing written as a contraction; other backends like the former.
    """
    a, b = a.astype(jnp.float32), b.astype(jnp.float32)
    return jax.lax.platform_dependent(
        a,
        b,
        cpu=lambda a, b: jnp.einsum("gnc,gnc->gc", a, b),
        default=lambda a, b: (a * b).sum(1),
    )


@jax.custom_vjp
def _normalise(
    x: Float[Array, "g n c"], scale: Float[Array, " c"], shift: Float[Array, " c"]
) -> tuple[Float[Array, "g n c"], Float[Array, "g c"], Float[Array, "g c"]]:
    """Normalises over n; returns also mean and biased variance, not differentiable.

    The hand-written gradient reads the activations twice where the automatic one reads
    them five times.
    """
    return _normalise_forward(x, scale, shift)[0]


def _normalise_forward(x, scale, shift):
    # One pass over the activations; the maximum guards against cancellation.
    mean, square = mean_over_shares(
        (x.mean(1, dtype=jnp.float32), _sum_products(x, x) / x.shape[1])
    )
    variance = jnp.maximum(square - mean**2, 0)
    inverse = jax.lax.rsqrt(variance + EPSILON)
    factor = scale * inverse
    y = x * factor[:, None] + (shift - mean * factor)[:, None]
    return (y.astype(x.dtype), mean, variance), (x, scale, mean, inverse)


def _normalise_backward(residuals, cotangents):
    x, scale, mean, inverse = residuals
    gradient = cotangents[0]
    count = x.shape[1]
    # Sums of the gradient, and of its products with the normalised activations.
    plain = gradient.sum(1, dtype=jnp.float32)
    weighted = inverse * (_sum_products(gradient, x) - mean * plain)
    factor = scale * inverse
    # The parameters' gradients are left as those of the own share, as everywhere.
    all_plain, all_weighted = mean_over_shares((plain, weighted))
    slope = -factor * inverse * all_weighted / count
    offset = -factor * all_plain / count - slope * mean
    dx = gradient * factor[:, None] + x * slope[:, None] + offset[:, None]
    return dx.astype(x.dtype), weighted.sum(0), plain.sum(0)


_normalise.defvjp(_normalise_forward, _normalise_backward)


def follow(
    running: Float[Array, " c"], batches: Float[Array, "g c"]
) -> Float[Array, " c"]:
    """The running statistic after `g` batches in a row, in closed form.

    Each batch moves it to `MOMENTUM * running + (1 - MOMENTUM) * batch`.
    """
    count = batches.shape[0]
    weights = (1 - MOMENTUM) * MOMENTUM ** jnp.arange(count - 1, -1, -1.0)
    return MOMENTUM**count * running + weights @ batches
