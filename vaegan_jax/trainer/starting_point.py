"""A training that begins with the networks of a trained model.

Data, batches and much else cannot change on the way of a run (see `resuming`); a new
run may take over what another has learnt.
"""

import dataclasses
import hashlib
import pathlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict
from jax.sharding import Mesh
from ml_collections import ConfigDict

from vaegan_jax.config.checks import lookup
from vaegan_jax.distributed.sharding import on_all
from vaegan_jax.errors import UserError
from vaegan_jax.inference.loading import load
from vaegan_jax.inference.model_folders import PRETRAINED
from vaegan_jax.models.networks import build_networks
from vaegan_jax.trainer.resuming import has_begun
from vaegan_jax.training.optimizers import build_optimizers
from vaegan_jax.training.state import TrainState, create_state, current_variables

# What decides about the networks that are taken over.
_SHAPING = (
    *("algorithm", "model.resolution", "model.image_size", "model.image_channels"),
    *("model.latent_size", "model.generator_widths", "model.encoder_widths"),
    *("model.azimuths", "model.azimuth_heads", "model.use_bias"),
)
_SHAPING_REFINER = ("model.refiner", "model.refiner_widths")
# What a network's numbers mean, beside their shapes.
_MEANING = ("model.leak", "prior.distribution", "prior.scale")


@dataclasses.dataclass(frozen=True)
class StartingPoint:
    """What a run begins with, in host memory.

    Attributes:
      variables: of G and E, and of R if the model has one.
      origin: as noted in the work directory: path, step and SHA-256 of the variables,
        and from which data they learnt.
    """

    variables: dict[str, Any]
    origin: dict[str, Any]


def starting_point(config: ConfigDict, workdir: pathlib.Path) -> StartingPoint | None:
    """What `config.train.initial_model` has learnt, at its latest step.

    That is as `model_folder` takes it. With an R of its own R begins with that, too.

    None if the configuration names none, or the run has checkpoints already.

    Raises:
      UserError: there is no such model, it is of other networks, or their numbers mean
        something else: other pooling, or another prior.
    """
    path = config.train.initial_model
    if not path or has_begun(workdir):
        return None
    model = load(path)
    networks, optimizers = build_networks(config), build_optimizers(config, 1.0)
    expected = jax.eval_shape(
        lambda: current_variables(create_state(config, networks, optimizers))
    )
    if model.networks.refiner is None:  # then it begins anew
        expected.pop("refiner", None)
    shapes = [
        jax.tree.map(lambda x: x.shape, tree) for tree in (model.variables, expected)
    ]
    if shapes[0] != shapes[1]:
        raise UserError(
            f"config.train.initial_model is {path}, whose networks are not those that "
            f"are to be trained: {_differences(config, model.config)}"
        )
    pooled = config.algorithm == model.config.algorithm == "mv_vae_gan"
    for field in (*_MEANING, *(("model.pooling",) if pooled else ())):
        ours, theirs = (lookup(x, field) for x in (config, model.config))
        if ours != theirs:
            raise UserError(
                f"config.train.initial_model is {path}, which has learnt with config."
                f"{field} = {theirs!r}, not {ours!r}; take that from its config.json"
            )
    variables = jax.tree.map(np.asarray, model.variables)
    digest = hashlib.sha256()
    for name, array in sorted(flatten_dict(variables, sep="/").items()):
        digest.update(name.encode() + array.tobytes())
    origin = {"path": path, "step": model.step, "sha256": digest.hexdigest()}
    data = model.config.data
    origin |= {"data": data.dir, "choose_on": data.choose_on}
    return StartingPoint(variables, origin)


def _differences(config: ConfigDict, theirs: ConfigDict) -> str:
    """What to change of a configuration to have the networks of another."""
    fields = _SHAPING
    if theirs.model.refiner != "none":  # otherwise that of the configuration is new
        fields += _SHAPING_REFINER
    told = []
    for field in fields:
        there, here = (lookup(x, field) for x in (theirs, config))
        if field == "model.image_size":  # E's alone shapes networks
            there, here = (
                c.model.encoder_image_size or c.model.image_size
                for c in (theirs, config)
            )
        if isinstance(there, list):  # as JSON has it
            there = tuple(there)
        if there != here:
            told.append(f"config.{field} = {there!r}, not {here!r}")
    return f"it has {', '.join(told)}; set these here as there"


def describe_origin(origin: dict[str, Any], config: ConfigDict) -> list[str]:
    """Lines of the log on what a run begins with, see `StartingPoint.origin`."""
    path, step, data, choose_on = (
        origin[name] for name in ("path", "step", "data", "choose_on")
    )
    lines = [f"beginning with what {path} has learnt in {step} steps"]
    if path == PRETRAINED:  # which tells
        lines.append(
            "that model has learnt from the training split of what prepare_data.py "
            "furniture makes; choose nothing on that"
        )
    elif (data, choose_on) != (config.data.dir, config.data.choose_on):
        lines.append(
            "warning: that model may have learnt what is chosen on here, for it learnt "
            f"from {data or 'data that are not known'}, choosing on {choose_on}"
        )
    return lines


def begin_with(state: TrainState, variables: dict[str, Any], mesh: Mesh) -> TrainState:
    """A state before the first step, G, E and R with other variables; donates nothing.

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
    if "refiner" in start:
        state = state.replace(refiner=state.refiner.replace(**start["refiner"]))
    if state.averages is not None:  # the step donates both
        state = state.replace(averages=state.averages | copy(variables))
    return state
