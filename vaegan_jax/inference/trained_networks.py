"""Trained networks as functions of arrays: latents to shapes, views to latents."""

import dataclasses
import functools
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, UInt8
from ml_collections import ConfigDict

from vaegan_jax.errors import UserError
from vaegan_jax.inference.functions import (
    clean_function,
    decode_function,
    in_batches,
    posterior_function,
    refine_function,
)
from vaegan_jax.models.encoder import Posterior
from vaegan_jax.models.multiview import expected_latent
from vaegan_jax.models.networks import Networks
from vaegan_jax.runtime.compiling import jit

_decode = jit(decode_function, static_argnums=0)
_posterior = jit(posterior_function, static_argnums=0)
_pool = jit(expected_latent, static_argnums=1)
_clean = jit(clean_function, static_argnums=0)
_refine = jax.jit(refine_function, static_argnums=0)
# One shape is waited for; of many, each counts.
_refine_one = jit(refine_function, static_argnums=0)
_REFINED = 8  # shapes at once, of many views each


@dataclasses.dataclass(frozen=True)
class TrainedNetworks:
    """Networks with their variables, evaluated with running BatchNorm statistics.

    Shapes are occupancy probabilities, float32 (b, x, y, z) from 0 to 1, z up, front
    towards −y. All methods are deterministic.

    Attributes:
      config: the completed configuration.
      networks: the modules.
      variables: as from `TrainState.sampling_variables`.
    """

    config: ConfigDict
    networks: Networks
    variables: dict[str, Any]

    def decode(
        self, latents: Float[np.ndarray, "b latent"], of_prior: bool = False
    ) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of the shapes that latents stand for.

        Args:
          latents: of views, or drawn from the prior.
          of_prior: which of these; G has running statistics for each.
        """
        variables = self.variables["generator"]
        if not of_prior:
            variables = variables | {"batch_stats": self.variables["decoder_stats"]}
        function = functools.partial(_decode, self.networks.generator, variables)
        return in_batches(function, latents)

    def encode_each(
        self,
        views: UInt8[np.ndarray, "b v h w c"],
        cameras: Float[np.ndarray, "b v 4"] | None = None,
    ) -> Posterior:
        """The posteriors of views (b, v, ...), on the host; see `Model.encode`."""
        encoder, known = self.networks.encoder, ()
        heads = encoder.azimuths > 0 and encoder.azimuth_heads
        if heads and cameras is not None and np.isfinite(cameras[..., 0]).any():
            known = (np.float32(cameras[..., 0]),)
        function = functools.partial(_posterior, encoder, self.variables["encoder"])
        return in_batches(function, views, *known)

    def pool(self, posteriors: Posterior) -> Float[np.ndarray, "b latent"]:
        """The expected latents of shapes, from the posteriors of their views."""
        return np.asarray(_pool(posteriors, self.config.model.pooling))

    def carve(
        self,
        latents: Float[np.ndarray, "b latent"],
        views: UInt8[np.ndarray, "b v h w c"],
        cameras: Float[np.ndarray, "b v 4"],
    ) -> Float[np.ndarray, "b x y z"]:
        """What the refiner makes of latents and of the views that these are of.

        Args:
          latents: see `pool`.
          views: checked.
          cameras: of these; a view whose camera is NaN is not read.
        """
        refine = _refine_one if len(latents) == 1 else _refine
        function = functools.partial(refine, self.networks, self.variables)
        return in_batches(function, latents, views, cameras, size=_REFINED)

    def clean(
        self, latents: Float[np.ndarray, "b latent"]
    ) -> Float[np.ndarray, "b x y z"]:
        """What the refiner makes of latents, as of views, without a view."""
        function = functools.partial(_clean, self.networks, self.variables)
        return in_batches(function, latents)

    @property
    def view_shape(self) -> tuple[int, int]:
        """Pixels a side and channels of a view."""
        return self.config.model.image_size, self.config.model.image_channels

    def require_encoder(self) -> None:
        """Raises UserError if the model is a plain 3D-GAN."""
        if self.networks.encoder is None:
            raise UserError(
                "this is a plain 3D-GAN, which has no encoder; train vae_gan or "
                "mv_vae_gan to reconstruct shapes from views"
            )
