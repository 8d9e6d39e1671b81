"""What trained networks compute, with running BatchNorm statistics.

Pure functions, which `Model` compiles and `export` writes down.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, UInt8

from vaegan_jax.models.camera_code import azimuth_shares
from vaegan_jax.models.encoder import Encoder, Posterior
from vaegan_jax.models.evidence import Evidence, no_evidence, read_views
from vaegan_jax.models.generator import Generator
from vaegan_jax.models.multiview import encode_views, expected_latent
from vaegan_jax.models.networks import Networks

_BATCH = 32


def decode_function(
    generator: Generator, variables: Any, latents: Float[Array, "b latent"]
) -> Float[Array, "b x y z"]:
    """Latents to occupancy probabilities."""
    logits = generator.apply(variables, latents, train=False)
    return jax.nn.sigmoid(logits[..., 0])


def posterior_function(
    encoder: Encoder,
    variables: Any,
    views: UInt8[Array, "b v h w c"],
    azimuths: Float[Array, "b v"] | None = None,
) -> Posterior:
    """Views, perhaps of known azimuths, to their posteriors, fields (b, v, ...)."""
    shares = None if azimuths is None else azimuth_shares(azimuths, encoder.azimuths)
    return encode_views(encoder, variables, views, train=False, shares=shares)[0]


def encode_function(
    encoder: Encoder,
    pooling: str,
    variables: Any,
    views: UInt8[Array, "b v h w c"],
    azimuths: Float[Array, "b v"] | None = None,
) -> Float[Array, "b latent"]:
    """Views, perhaps of known azimuths, to expected latents."""
    return expected_latent(
        posterior_function(encoder, variables, views, azimuths), pooling
    )


def refine_function(
    networks: Networks,
    variables: dict[str, Any],
    latents: Float[Array, "b latent"],
    views: UInt8[Array, "b v h w c"],
    cameras: Float[Array, "b v 4"],
) -> Float[Array, "b x y z"]:
    """Latents of views, and these themselves, to occupancy probabilities.

    Args:
      networks: with a refiner.
      variables: of all of them.
      latents: as of `encode_function`.
      views: the same.
      cameras: of these; NaN: unknown, of views that R does not read.
    """
    logits, frame = place_function(networks, variables, latents, views, cameras)
    evidence = read_views(views, cameras, *frame, logits.shape[1])
    return _refine(networks, variables, evidence, logits)


def clean_function(
    networks: Networks, variables: dict[str, Any], latents: Float[Array, "b latent"]
) -> Float[Array, "b x y z"]:
    """Latents, as of views, to what a refiner that sees none makes of G's shapes."""
    logits = _decode(networks, variables, latents)
    evidence = no_evidence(*logits.shape[:2])
    return _refine(networks, variables, evidence, logits)


def _refine(
    networks: Networks,
    variables: dict[str, Any],
    evidence: Evidence,
    logits: Float[Array, "b x y z 1"],
) -> Float[Array, "b x y z"]:
    refiner = variables["refiner"]
    refined = networks.refiner.apply(refiner, evidence, logits, train=False)
    return jax.nn.sigmoid(refined[..., 0])


def _decode(
    networks: Networks, variables: dict[str, Any], latents: Float[Array, "b latent"]
) -> Float[Array, "b x y z 1"]:
    """G's logits, with the running statistics of latents of views."""
    decoding = variables["generator"] | {"batch_stats": variables["decoder_stats"]}
    return networks.generator.apply(decoding, latents, train=False)


def place_function(
    networks: Networks,
    variables: dict[str, Any],
    latents: Float[Array, "b latent"],
    views: UInt8[Array, "b v h w c"],
    cameras: Float[Array, "b v 4"],
) -> tuple[Float[Array, "b x y z 1"], tuple[Float[Array, " b"], Float[Array, "b 3"]]]:
    """G's logits, and scales and middles, by which R finds cells in the views.

    Arguments are those of `refine_function`.
    """
    logits = _decode(networks, variables, latents)
    return logits, networks.refiner.apply(
        variables["refiner"], views, cameras, logits, method="place"
    )


def in_batches(function: Callable, *inputs: np.ndarray, size: int = _BATCH) -> Any:
    """Applies to batches of one size, so that `function` is compiled once per shape.

    Args:
      function: of arrays whose first axes are as long; so are those of the tree of
        arrays that it returns.
      inputs: for it, of one example or more.
      size: of a batch.
    """
    outputs, count = [], len(inputs[0])
    size = min(size, count)
    for start in range(0, count, size):
        # The last example again, until the batch is full.
        places = np.minimum(np.arange(start, start + size), count - 1)
        output = function(*(array[places] for array in inputs))
        outputs.append(jax.tree.map(lambda x: np.asarray(x)[: count - start], output))  # noqa: B023
    return jax.tree.map(lambda *parts: np.concatenate(parts), *outputs)
