"""The discriminator D: a voxel grid to a real-or-generated logit (Wu et al. 2016)."""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from vaegan_jax.models.convolutions.strided import Formulation
from vaegan_jax.models.layers import BatchNorm, StridedConvolution, kernel_init


class Discriminator(nn.Module):
    """The generator's mirror: 3D convolutions of 4³ taps, stride 2 and padding 1.

    The last layer sees 2³ cells and reaches one: a dense product, as in the generator.

    Attributes:
      widths: channels at half the resolution, a quarter, ... down to 2³.
      leak: slope of the LeakyReLU below zero.
      use_bias: a bias in the last layer.
      batch_norm: whether the other layers are normalised. Without, D judges each shape
        by itself, as a penalty on its gradient assumes, and these layers have biases.
      formulation: how convolutions are computed.
      dtype: precision of the products.
    """

    widths: Sequence[int] = (32, 64, 128, 256)
    leak: float = 0.2
    use_bias: bool = False
    batch_norm: bool = True
    formulation: Formulation = "plain"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, voxels: Float[Array, "b x y z 1"], *, train: bool
    ) -> Float[Array, " b"]:
        """Returns logits in float32, positive for "real"; occupancy is in [0, 1]."""
        h = voxels
        for width in self.widths:
            h = StridedConvolution(
                width,
                kernel_size=4,
                padding=1,
                use_bias=not self.batch_norm,
                formulation=self.formulation,
                dtype=self.dtype,
            )(h)
            if self.batch_norm:
                h = BatchNorm()(h, train=train)
            h = nn.leaky_relu(h, self.leak)
        h = h.reshape(h.shape[0], -1)
        h = nn.Dense(
            1, use_bias=self.use_bias, kernel_init=kernel_init, dtype=self.dtype
        )(h)
        return h[:, 0].astype(jnp.float32)
