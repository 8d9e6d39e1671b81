"""The 2D encoder E: an image to a Gaussian over latents (Larsen et al. 2016)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, UInt8

from vaegan_jax.models.convolutions import Formulation
from vaegan_jax.models.layers import BatchNorm, StridedConvolution, kernel_init
from vaegan_jax.models.partition import own_rows


class Posterior(NamedTuple):
    """A diagonal Gaussian q(z | image) for each leading index."""

    mean: Float[Array, "*n latent"]
    log_variance: Float[Array, "*n latent"]

    def sample(self, key: Key[Array, ""]) -> Float[Array, "*n latent"]:
        """The reparameterised sample: mean + standard deviation × N(0, 1)."""
        count, *rest = self.mean.shape
        noise = own_rows(lambda rows: jax.random.normal(key, (rows, *rest)), count)
        return self.mean + jnp.exp(0.5 * self.log_variance) * noise


class Encoder(nn.Module):
    """2D convolutions of 5² taps, stride 2 and padding 2, then two dense heads.

    Attributes:
      latent_size: length of a latent vector.
      widths: channels; the image's sides are divisible by `2 ** len(widths)`.
      formulation: how convolutions are computed.
      dtype: precision of the products.
    """

    latent_size: int
    widths: Sequence[int] = (64, 128, 256, 512, 400)
    formulation: Formulation = "plain"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, images: UInt8[Array, "b h w c"], *, train: bool, groups: int = 1
    ) -> Posterior:
        """Encodes each image by itself.

        Args:
          images: grey or colour in 0 ... 255, on a white background.
          train: use and update batch statistics.
          groups: equal consecutive parts of the batch with their own batch statistics.

        Returns:
          Mean and log-variance, each (b, latent), in float32.
        """
        # White becomes 0, so that zero padding continues the background.
        h = 1 - images.astype(jnp.float32) / 255
        for width in self.widths:
            h = StridedConvolution(
                width,
                kernel_size=5,
                padding=2,
                formulation=self.formulation,
                dtype=self.dtype,
            )(h)
            h = nn.relu(BatchNorm()(h, train=train, groups=groups))
        h = h.reshape(h.shape[0], -1)
        mean, log_variance = (
            nn.Dense(
                self.latent_size, kernel_init=kernel_init, dtype=self.dtype, name=name
            )(h).astype(jnp.float32)
            for name in ("mean", "log_variance")
        )
        return Posterior(mean, log_variance)
