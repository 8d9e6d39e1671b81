"""A trained model: latents to shapes and views to shapes."""

import dataclasses
import functools
import pathlib
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, UInt8
from ml_collections import ConfigDict

from vaegan_jax.checkpoint import Checkpoints, abstract_state, load_config
from vaegan_jax.config import complete
from vaegan_jax.errors import UserError
from vaegan_jax.models.encoder import Encoder
from vaegan_jax.models.generator import Generator
from vaegan_jax.models.multiview import encode_views, expected_latent
from vaegan_jax.models.networks import Networks, build_networks
from vaegan_jax.optimizers import build_optimizers
from vaegan_jax.prior import build_prior
from vaegan_jax.state import TrainState, create_state

_BATCH = 32


@functools.partial(jax.jit, static_argnums=0)
def _generate(
    generator: Generator, variables: Any, latents: Float[Array, "b latent"]
) -> Float[Array, "b x y z"]:
    logits = generator.apply(variables, latents, train=False)
    return jax.nn.sigmoid(logits[..., 0])


@functools.partial(jax.jit, static_argnums=(0, 1))
def _encode(
    encoder: Encoder, pooling: str, variables: Any, views: UInt8[Array, "b v h w c"]
) -> Float[Array, "b latent"]:
    posterior, _ = encode_views(encoder, variables, views, train=False)
    return expected_latent(posterior, pooling)


def _in_batches(function, inputs: np.ndarray) -> np.ndarray:
    """Applies to batches of one size, so that `function` is compiled once per shape."""
    outputs = []
    size = min(_BATCH, len(inputs))
    for start in range(0, len(inputs), size):
        part = inputs[start : start + size]
        padded = np.concatenate([part, np.repeat(part[-1:], size - len(part), 0)])
        outputs.append(np.asarray(function(padded))[: len(part)])
    return np.concatenate(outputs)


@dataclasses.dataclass(frozen=True)
class Model:
    """Networks with their variables, evaluated with running BatchNorm statistics.

    Attributes:
      config: the completed configuration.
      networks: the modules.
      variables: as from `TrainState.sampling_variables`.
      step: how many steps it was trained.
    """

    config: ConfigDict
    networks: Networks
    variables: dict[str, Any]
    step: int

    def draw_latents(self, count: int, seed: int = 0) -> Float[np.ndarray, "b latent"]:
        """Latents from the prior that training used."""
        prior, size = build_prior(self.config), self.config.model.latent_size
        return np.asarray(prior.sample(jax.random.key(seed), count, size))

    def generate(
        self, latents: Float[np.ndarray, "b latent"]
    ) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of the shapes that latents of the prior stand for."""
        return self._apply_generator(self.variables["generator"], latents)

    def decode(
        self, latents: Float[np.ndarray, "b latent"]
    ) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of the shapes that latents of views stand for.

        The same network as `generate`, with the running statistics of such latents.
        """
        stats = self.variables["decoder_stats"]
        variables = self.variables["generator"] | {"batch_stats": stats}
        return self._apply_generator(variables, latents)

    def _apply_generator(self, variables, latents):
        function = functools.partial(_generate, self.networks.generator, variables)
        return _in_batches(function, latents)

    def sample(self, count: int, seed: int = 0) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of `count` new shapes."""
        return self.generate(self.draw_latents(count, seed))

    def encode(
        self, views: UInt8[np.ndarray, "b v h w c"]
    ) -> Float[np.ndarray, "b latent"]:
        """The expected latents of shapes seen in any number of views, in any order.

        Raises:
          UserError: the model has no encoder.
        """
        if self.networks.encoder is None:
            raise UserError(
                "this is a plain 3D-GAN, which has no encoder; train vae_gan or "
                "mv_vae_gan to reconstruct shapes from views"
            )
        return _in_batches(
            functools.partial(
                _encode,
                self.networks.encoder,
                self.config.model.pooling,
                self.variables["encoder"],
            ),
            views,
        )

    def reconstruct(
        self, views: UInt8[np.ndarray, "b v h w c"]
    ) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of shapes seen in views; deterministic."""
        return self.decode(self.encode(views))


def load(workdir: str | pathlib.Path, step: int | str | None = None) -> Model:
    """Restores a model; needs nothing but its work directory.

    Args:
      workdir: of a training run.
      step: which checkpoint, as `Checkpoints.restore` takes it; default the latest.

    Raises:
      UserError: it is not a work directory, or has no such checkpoint.
    """
    config, networks, state = load_state(workdir, step)
    return Model(config, networks, state.sampling_variables(), int(state.step))


def load_state(
    workdir: str | pathlib.Path, step: int | str | None = None
) -> tuple[ConfigDict, Networks, TrainState]:
    """Configuration, networks and whole training state; see `load`."""
    saved = load_config(workdir)
    if saved is None:
        raise UserError(
            f"{workdir} is not a work directory: it has no config.json; pass the "
            "--workdir of a training run"
        )
    config = complete(saved)
    networks = build_networks(config)
    optimizers = build_optimizers(config, steps_per_epoch=1.0)
    abstract = abstract_state(lambda: create_state(config, networks, optimizers))
    checkpoints = Checkpoints(workdir, read_only=True)
    try:
        return config, networks, checkpoints.restore(abstract, step)
    finally:
        checkpoints.close()
