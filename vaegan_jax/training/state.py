"""Everything that training changes, as one tree of arrays."""

from typing import Any, ClassVar

import flax.struct
import jax
import jax.numpy as jnp
from jax.sharding import Mesh
from ml_collections import ConfigDict

from vaegan_jax.distributed.sharding import on_all
from vaegan_jax.models.evidence import no_evidence
from vaegan_jax.models.networks import Networks
from vaegan_jax.runtime.compiling import quick_options
from vaegan_jax.training.optimizers import Optimizer, Optimizers


@flax.struct.dataclass
class NetState:
    """One network: parameters, BatchNorm's running statistics, optimizer state."""

    params: Any
    batch_stats: Any
    opt_state: Any

    @property
    def variables(self) -> dict[str, Any]:
        """What `module.apply` takes."""
        return {"params": self.params, "batch_stats": self.batch_stats}


@flax.struct.dataclass
class TrainState:
    """The whole training: arrays only, so it is easy to donate, shard and save.

    The networks are `NetState`s; `encoder` is None for a plain GAN. Latents of
    images do not have the statistics of latents of the prior, so G keeps running ones
    for each: `generator.batch_stats` for sampling, `decoder_stats` for reconstructing
    (None for a plain GAN). `averages` are moving averages of `current_variables`, None
    without averaging. The fields are untyped because saving and abstract evaluation
    build states of other things than arrays.
    """

    step: Any
    rng: Any
    generator: Any
    discriminator: Any
    encoder: Any
    decoder_stats: Any
    averages: Any
    refiner: ClassVar[None] = None

    def sampling_variables(self) -> dict[str, Any]:
        """Variables for inference: the moving averages if there are any."""
        return self.averages or current_variables(self)


@flax.struct.dataclass
class RefinedTrainState(TrainState):
    """With a refiner, a `NetState`; checkpoints without one have no place for it."""

    refiner: Any = None


def current_variables(state: TrainState) -> dict[str, Any]:
    """What sampling needs, "generator", and what reconstructing needs besides."""
    variables = {"generator": state.generator.variables}
    if state.encoder is not None:
        variables["encoder"] = state.encoder.variables
        variables["decoder_stats"] = state.decoder_stats
    if state.refiner is not None:
        variables["refiner"] = state.refiner.variables
    return variables


def create_state(
    config: ConfigDict,
    networks: Networks,
    optimizers: Optimizers,
    mesh: Mesh | None = None,
) -> TrainState:
    """The state before the first step, a function of the configuration alone.

    It is whole on every device of the mesh, without one on the first.
    """

    def initialise(name: str, example: tuple, key: jax.Array) -> NetState | None:
        module = getattr(networks, name)
        if module is None:
            return None
        variables = module.init(key, *example, train=False)
        optimizer: Optimizer = getattr(optimizers, name)
        opt_state = optimizer.transform.init(variables["params"])
        statistics = variables.get("batch_stats", {})  # {} of a D without BatchNorm
        return NetState(variables["params"], statistics, opt_state)

    def create() -> TrainState:
        rng, *keys = jax.random.split(jax.random.key(config.seed), 4)
        keys.append(jax.random.fold_in(keys[0], 1))  # leaves the others as they were
        examples = _examples(config, networks)
        nets = {
            name: initialise(name, example, key)
            for (name, example), key in zip(examples.items(), keys, strict=False)
        }
        stats = None if nets["encoder"] is None else nets["generator"].batch_stats
        kind = RefinedTrainState if "refiner" in nets else TrainState
        state = kind(
            jnp.zeros((), jnp.int32), rng, **nets, decoder_stats=stats, averages=None
        )
        if config.train.average_decay:
            state = state.replace(averages=current_variables(state))
        return state

    # Compiled as a whole, the networks' forward passes are dropped as unused; and every
    # output is a buffer of its own, as donation requires.
    return jax.jit(
        create,
        out_shardings=on_all(mesh) if mesh else None,
        compiler_options=quick_options(),
    )()


def _examples(config: ConfigDict, networks: Networks) -> dict[str, tuple]:
    """What each network is applied to, of one shape; to be traced, not computed."""
    model = config.model
    grid = jnp.zeros((1, *(model.resolution,) * 3, 1))
    image = (1, model.image_size, model.image_size, model.image_channels)
    examples = {
        "generator": (jnp.zeros((1, model.latent_size)),),
        "discriminator": (grid,),
        "encoder": (jnp.zeros(image, jnp.uint8),),
    }
    if networks.refiner is not None:
        examples["refiner"] = (no_evidence(1, model.resolution), grid)
    return examples
