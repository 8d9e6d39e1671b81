"""A training that begins with the networks of a trained model.

Data, batches and much else cannot change on the way of a run (see `resuming`); a new
run may take over what another has learnt.
"""

import pathlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from ml_collections import ConfigDict

from vaegan_jax.distributed.sharding import on_all
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import load
from vaegan_jax.models.networks import build_networks
from vaegan_jax.trainer.resuming import has_begun
from vaegan_jax.training.optimizers import build_optimizers
from vaegan_jax.training.state import TrainState, create_state, current_variables


def initial_variables(
    config: ConfigDict, workdir: pathlib.Path
) -> dict[str, Any] | None:
    """What `config.train.initial_model` has of G and E, in host memory.

    None if the configuration names none, or the run has checkpoints already.

    Raises:
      UserError: there is no such model, or it is of other networks.
    """
    path = config.train.initial_model
    if not path or has_begun(workdir):
        return None
    variables = load(path).variables
    networks, optimizers = build_networks(config), build_optimizers(config, 1.0)
    expected = jax.eval_shape(
        lambda: current_variables(create_state(config, networks, optimizers))
    )
    shapes = [jax.tree.map(lambda x: x.shape, tree) for tree in (variables, expected)]
    if shapes[0] != shapes[1]:
        raise UserError(
            f"config.train.initial_model is {path}, whose networks are not those that "
            "are to be trained; take algorithm and config.model from its config.json"
        )
    return jax.tree.map(np.asarray, variables)


def begin_with(state: TrainState, variables: dict[str, Any], mesh: Mesh) -> TrainState:
    """A state before the first step, G and E with other variables; donates nothing.

    D and all optimizers stay as they are: exported models have none.
    """
    copy = jax.jit(
        lambda tree: jax.tree.map(jnp.copy, tree), out_shardings=on_all(mesh)
    )
    start = copy(variables)
    state = state.replace(generator=state.generator.replace(**start["generator"]))
    if state.encoder is not None:
        encoder = state.encoder.replace(**start["encoder"])
        state = state.replace(encoder=encoder, decoder_stats=start["decoder_stats"])
    if state.averages is not None:
        state = state.replace(averages=copy(variables))  # the step donates both
    return state
