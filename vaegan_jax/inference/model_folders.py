"""Where models are: in a folder, in this library, or on the Hugging Face Hub."""

import pathlib
import re

from vaegan_jax import pretrained
from vaegan_jax.checkpoints import weights
from vaegan_jax.errors import UserError, installs

PRETRAINED = "pretrained"  # names the model that comes with the library

_HUB = "hf://"
_ADDRESS = re.compile(rf"{_HUB}([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")
# What exported weights are, and no more of what a stranger's repository holds.
_NEEDED = ("config.json", weights.FILE)
_FILES = (*_NEEDED, "framing.npz", "latents.npz", "README.md")


def is_folder(model: str | pathlib.Path | None) -> bool:
    """Whether a model is named by its path; see `model_folder`."""
    if isinstance(model, str):
        return model != PRETRAINED and not model.startswith(_HUB)
    return model is not None


def is_own(model: str | pathlib.Path | None) -> bool:
    """Whether a model is in a folder of the user's, in which more may be written."""
    return is_folder(model) and not pretrained.is_here(pathlib.Path(model))


def model_folder(model: str | pathlib.Path | None) -> pathlib.Path:
    """The folder of a model, which may have to be fetched first.

    Args:
      model: a path; None or "pretrained" for the model that comes with the library; or
        "hf://USER/NAME", perhaps with "@REVISION", for exported weights on the Hugging
        Face Hub, of which arrays, JSON and the card are fetched to the Hub's own cache.

    Raises:
      UserError: the address is none, cannot be fetched from, or holds no such weights;
        or "pretrained" is a model's folder, too.
    """
    if is_folder(model):
        return pathlib.Path(model)
    if model is None:
        return pretrained.default_model()
    if model != PRETRAINED:
        return _fetch(str(model))
    if (pathlib.Path(PRETRAINED) / "config.json").exists():
        raise UserError(
            f"{PRETRAINED} names the model that comes with vaegan_jax, but a model's "
            f"folder here, too; write ./{PRETRAINED} for that, or rename it"
        )
    return pretrained.default_model()


def _fetch(address: str) -> pathlib.Path:
    named = _ADDRESS.fullmatch(address)
    if named is None or ".." in address:
        raise UserError(
            f"{address} is no address of a model; write {_HUB}USER/NAME, or "
            f"{_HUB}USER/NAME@REVISION"
        )
    try:
        import huggingface_hub
    except ModuleNotFoundError as error:
        raise UserError(
            f"{address} is fetched by what the extra hub installs ({error}): "
            + installs("hub")
        ) from error
    repository, revision = named.groups()
    try:
        fetched = huggingface_hub.snapshot_download(
            repository, revision=revision, allow_patterns=list(_FILES)
        )
    except Exception as error:  # of the network, the Hub and the disk: without bounds
        reason = " ".join(str(error).split())
        raise UserError(
            f"{address} cannot be fetched: {reason or type(error).__name__}"
        ) from error
    folder = pathlib.Path(fetched)
    absent = [name for name in _NEEDED if not (folder / name).is_file()]
    if absent:
        raise UserError(
            f"{address} has no {' and no '.join(absent)}; its owner makes what it "
            "should hold with scripts/export.py --format=weights"
        )
    return folder
