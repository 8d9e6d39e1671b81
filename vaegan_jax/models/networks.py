"""Builds the networks that a configuration describes."""

from typing import NamedTuple

import jax.numpy as jnp
from ml_collections import ConfigDict

from vaegan_jax.models.convolutions.strided import default_formulation
from vaegan_jax.models.discriminator import Discriminator
from vaegan_jax.models.encoder import Encoder
from vaegan_jax.models.generator import Generator
from vaegan_jax.models.refiner import Refiner


class Networks(NamedTuple):
    """The modules; `encoder` is None for the plain 3D-GAN, `refiner` for many."""

    generator: Generator
    discriminator: Discriminator
    encoder: Encoder | None
    refiner: Refiner | None = None


def build_networks(config: ConfigDict) -> Networks:
    """The networks of a completed configuration; no parameters yet."""
    model = config.model
    formulation = model.convolution
    if formulation == "auto":
        formulation = default_formulation()
    shared = {"formulation": formulation, "dtype": jnp.dtype(model.dtype)}
    encoder = refiner = None
    if model.refiner != "none":
        refiner = Refiner(tuple(model.refiner_widths), **shared)
    if config.algorithm != "gan":
        encoder = Encoder(
            model.latent_size,
            tuple(model.encoder_widths),
            model.azimuths,
            model.azimuth_heads,
            model.encoder_image_size,
            **shared,
        )
    return Networks(
        Generator(tuple(model.generator_widths), model.use_bias, **shared),
        Discriminator(
            tuple(model.discriminator_widths),
            model.leak,
            model.use_bias,
            model.discriminator_batch_norm,
            **shared,
        ),
        encoder,
        refiner,
    )
