"""Opens data and work directory for a training, checks that they fit, and trains."""

import contextlib
import pathlib

import jax
from ml_collections import ConfigDict

from vaegan_jax.checkpoints.config_file import save_config
from vaegan_jax.config.checks import validate_for_training
from vaegan_jax.config.reference import complete
from vaegan_jax.data.dataset import check_views, open_split
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.held_out import divide
from vaegan_jax.data.provenance import read_provenance
from vaegan_jax.distributed import multihost
from vaegan_jax.distributed.sharding import check_batch_size
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model_folders import is_folder
from vaegan_jax.runtime.interrupts import StopRequest
from vaegan_jax.runtime.lock import hold
from vaegan_jax.runtime.paths import absolute
from vaegan_jax.shapes.pictures.framing import fit_framing
from vaegan_jax.trainer.loop import Trainer
from vaegan_jax.trainer.profiling import StepTrace
from vaegan_jax.trainer.resuming import DATA, changed_fields, check_data, has_begun
from vaegan_jax.trainer.starting_point import StartingPoint, starting_point


def train(
    config: ConfigDict, workdir: str | pathlib.Path, profile: bool = False
) -> int:
    """Trains, or goes on with what an earlier call in the same work directory began.

    Args:
      config: as from `configs/`; `config.data.dir` names a prepared data set.
      workdir: made if missing. Gets `config.json`, `data.json`, `framing.npz`,
        `checkpoints/`, `train.log`, `logs/` for TensorBoard, `images/`, and at the end
        `latents.npz`.
      profile: trace a few steps soon after the start, to `profile/` in there.

    Returns:
      The exit status: 0 when all steps are done, 128 + the signal's number when a
      signal ended training early, with everything saved.

    Raises:
      UserError: the configuration, the data or the work directory does not fit or
        fails, or a loss is not finite.
    """
    config = complete(config)
    validate_for_training(config)
    # The same command, and those that restore the model, may run elsewhere.
    if config.data.dir:
        config.data.dir = absolute(config.data.dir)
    if config.train.initial_model and is_folder(config.train.initial_model):
        config.train.initial_model = absolute(config.train.initial_model)
    workdir = pathlib.Path(workdir)
    check_batch_size(config.train.batch_size, jax.device_count())
    # Before reading, which may take long.
    changed_fields(workdir, config, anew=not has_begun(workdir))
    initial = starting_point(config, workdir)
    training, choosing = divide(
        _open(config, config.data.train_split),
        config.data.choose_on,
        lambda: _open(config, config.data.validation_split),
        # Damage ends here, where nothing is written yet.
        read_provenance(config.data.dir),
    )
    model = config.model
    check_views(
        *(training, config.data.num_views, model.azimuths, model.azimuth_heads),
        refiner=model.refiner != "none",
    )
    first = multihost.is_first()
    with contextlib.ExitStack() as stack:
        if first:
            stack.enter_context(hold(workdir))
        stop = stack.enter_context(StopRequest())
        prepare = lambda: _prepare(  # noqa: E731
            workdir, config, training, choosing, initial
        )
        changed = multihost.first_before_others(prepare)
        trainer = Trainer(config, workdir, training, choosing, initial)
        trace = StepTrace(workdir / "profile" if profile and first else None)
        return trainer.run(stop, changed, trace)


def _prepare(
    workdir: pathlib.Path,
    config: ConfigDict,
    training: Examples,
    choosing: Examples,
    initial: StartingPoint | None,
) -> list[str]:
    """Notes what is trained on what; returns what has changed since the last start.

    Further processes find the notes of the first, and compare their data with them.
    """
    if not multihost.is_first():
        multihost.wait_for(workdir / DATA)
    anew = multihost.is_first() and not has_begun(workdir)
    changed = changed_fields(workdir, config, anew)
    origin = None if initial is None else initial.origin
    check_data(workdir, config, training, choosing, origin, anew)
    if multihost.is_first():
        save_config(workdir, config)
        if config.data.num_views:
            fit_framing(training.views).save(workdir)
    return changed


def _open(config: ConfigDict, split: str) -> Examples:
    if not config.data.dir:
        raise UserError("config.data.dir is not set; name a prepared data set")
    model = config.model
    image_size = model.image_size if config.data.num_views else None
    # A plain GAN reconstructs nothing; validation compares with the shapes themselves.
    targets = image_size is not None and split == config.data.train_split
    return open_split(
        *(config.data.dir, split, model.resolution, image_size, targets),
        channels=model.image_channels,
        in_memory=config.data.in_memory,
    )
