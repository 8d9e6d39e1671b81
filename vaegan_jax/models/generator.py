"""The generator G: a latent vector to a voxel grid (Wu et al. 2016, section 3.1)."""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from vaegan_jax.models.convolutions.strided import Formulation
from vaegan_jax.models.layers import BatchNorm, StridedConvolution, kernel_init

# The logit of occupancy 0.1: with a bias, G starts from grids as sparse as the data
# instead of half-filled ones.
EMPTY = -2.2


class Generator(nn.Module):
    """Transposed 3D convolutions of 4³ taps and stride 2, from 1³ to the full grid.

    The first of them sees a single cell and reaches 2³, where only the 2³ centre of its
    4³ kernel takes part: it is one dense product, and the other taps are not kept.

    Attributes:
      widths: channels at 2³, 4³, ...; `len(widths) = log2(resolution) - 1`.
      use_bias: a bias in the last layer, the only one without BatchNorm.
      formulation: how convolutions are computed.
      dtype: precision of the products.
    """

    widths: Sequence[int] = (256, 128, 64, 32)
    use_bias: bool = False
    formulation: Formulation = "plain"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, latents: Float[Array, "b latent"], *, train: bool
    ) -> Float[Array, "b x y z 1"]:
        """Returns occupancy logits in float32; their sigmoid is the probability."""
        first = self.widths[0]
        h = nn.Dense(
            8 * first, use_bias=False, kernel_init=kernel_init, dtype=self.dtype
        )(latents)
        h = h.reshape(-1, 2, 2, 2, first)
        for width in (*self.widths[1:], 1):
            h = nn.relu(BatchNorm()(h, train=train))
            h = StridedConvolution(
                width,
                kernel_size=4,
                padding=1,
                transposed=True,
                use_bias=self.use_bias and width == 1,
                initial_bias=EMPTY,
                formulation=self.formulation,
                dtype=self.dtype,
            )(h)
        return h.astype(jnp.float32)
