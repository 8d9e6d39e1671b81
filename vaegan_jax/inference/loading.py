"""Opens trained models: from work directories and from exported weights."""

import pathlib
import warnings
from typing import Any

import numpy as np
from flax.traverse_util import flatten_dict
from ml_collections import ConfigDict

from vaegan_jax.checkpoints import weights
from vaegan_jax.checkpoints.checkpoint import Checkpoints, abstract_state
from vaegan_jax.checkpoints.config_file import load_config
from vaegan_jax.config.reference import complete
from vaegan_jax.errors import UserError
from vaegan_jax.inference.latent_mixture import load_mixture
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.model_folders import model_folder
from vaegan_jax.models.networks import Networks, build_networks
from vaegan_jax.shapes.pictures.framing import load_framing
from vaegan_jax.training.optimizers import build_optimizers
from vaegan_jax.training.state import TrainState, create_state, current_variables


def load(
    workdir: str | pathlib.Path | None = None, step: int | str | None = None
) -> Model:
    """Restores a trained model from its work directory or its exported weights.

        model = vaegan_jax.load()  # the one that comes with the library
        model = vaegan_jax.load("hf://user/name")
        model = vaegan_jax.load("runs/mv_vae_gan-demo")
        shapes = model.sample(16)  # float32 (16, 32, 32, 32), probabilities
        shapes = model.reconstruct([["front.png", "side.jpg"]])  # (1, 32, 32, 32)
        shapes = model.reconstruct(views)  # from uint8 views (b, v, h, w, c)
        shapes = model.reconstruct(views, cameras)  # (b, v, 4), NaN where not known

    Args:
      workdir: of a training run, or a folder with `weights.safetensors`, or an address
        of such; default the weights that come with the library. See `model_folder`.
      step: which checkpoint, as `Checkpoints.restore` takes it; default the latest,
        and of weights the only one.

    Returns:
      The model, with moving averages of the variables if training kept them.

    Raises:
      UserError: it is not a work directory, has no such checkpoint, or a damaged one,
        one that has diverged or one of another model than its `config.json` describes;
        or it cannot be fetched.
    """
    workdir = model_folder(workdir)
    if not weights.are_in(workdir):
        config, networks, state = load_state(workdir, step)
        variables, number = state.sampling_variables(), int(state.step)
    else:
        config, networks, abstract = _describe(workdir)
        variables, number = weights.read(workdir, current_variables(abstract))
        _refuse_diverged(variables, workdir)
        if step not in (None, "latest") and str(step) != str(number):
            raise UserError(
                f"{workdir} holds the weights of step {number} alone, not {step}"
            )
    mixture = None
    if networks.encoder is not None:
        mixture = load_mixture(workdir, number, config.model.latent_size)
    return Model(config, networks, variables, number, load_framing(workdir), mixture)


def load_state(
    workdir: str | pathlib.Path, step: int | str | None = None
) -> tuple[ConfigDict, Networks, TrainState]:
    """Configuration, networks and whole training state; see `load`."""
    config, networks, abstract = _describe(workdir)
    checkpoints = Checkpoints(workdir, read_only=True)
    for number, damage in checkpoints.damaged.items():
        warnings.warn(
            f"checkpoint {number} is damaged, not used: {damage}", stacklevel=2
        )
    try:
        state = checkpoints.restore(abstract, step)
    finally:
        checkpoints.close()
    _refuse_diverged(state.sampling_variables(), workdir)
    return config, networks, state


def _refuse_diverged(variables: dict[str, Any], workdir: str | pathlib.Path) -> None:
    for name, array in flatten_dict(variables, sep="/").items():
        if not np.isfinite(np.asarray(array)).all():
            raise UserError(
                f"{workdir} holds a model that has diverged: there are numbers that "
                f"are not finite, in {name}; take an earlier checkpoint, if there is "
                "one, or train again"
            )


def _describe(
    workdir: str | pathlib.Path,
) -> tuple[ConfigDict, Networks, TrainState]:
    """Configuration, networks, and the shapes of a training state."""
    saved = load_config(workdir)
    if saved is None:
        raise UserError(
            f"{workdir} is not a work directory: it has no config.json; pass the "
            "--workdir of a training run"
        )
    try:
        config = complete(saved)
        networks = build_networks(config)
        optimizers = build_optimizers(config, steps_per_epoch=1.0)
        abstract = abstract_state(lambda: create_state(config, networks, optimizers))
    except UserError:
        raise
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{workdir}/config.json is not of this version of the program ({reason}); "
            "use the version that trained it, or train again"
        ) from error
    return config, networks, abstract
