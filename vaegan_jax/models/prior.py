"""The distribution of latents from which new shapes are drawn."""

import dataclasses
from typing import Literal

import jax
from jaxtyping import Array, Float, Key
from ml_collections import ConfigDict


@dataclasses.dataclass(frozen=True)
class Prior:
    """Independent elements: N(0, scale²), or uniform on [-scale, scale]."""

    distribution: Literal["normal", "uniform"]
    scale: float

    def sample(
        self, key: Key[Array, ""], count: int, size: int
    ) -> Float[Array, "b latent"]:
        """Draws `count` latents of `size` elements."""
        shape = (count, size)
        if self.distribution == "uniform":
            return jax.random.uniform(key, shape, minval=-self.scale, maxval=self.scale)
        return self.scale * jax.random.normal(key, shape)

    @property
    def standard_deviation(self) -> float:
        """Of each element: the scale of the Gaussian that posteriors are held to.

        A Gaussian posterior has no finite divergence from a uniform prior, so the
        Gaussian of the same variance stands in for it.
        """
        return self.scale / 3**0.5 if self.distribution == "uniform" else self.scale


def build_prior(config: ConfigDict) -> Prior:
    """The prior that a configuration describes."""
    return Prior(config.prior.distribution, config.prior.scale)
