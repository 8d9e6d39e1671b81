"""Trains a model."""

from absl import flags
from ml_collections import config_flags

from vaegan_jax.cli import command_line

CONFIG = config_flags.DEFINE_config_file(
    "config", None, "The experiment, mv_vae_gan:demo for instance, or a file of yours."
)
WORKDIR = command_line.define_path(
    "workdir", None, "Where everything goes; default runs/ and the config's name."
)
PROFILE = flags.DEFINE_bool(
    "profile",
    False,
    "Trace some steps to WORKDIR/profile for TensorBoard and Perfetto.",
)
MULTIHOST = flags.DEFINE_bool(
    "multihost", False, "Train together with the same command on other hosts."
)
COORDINATOR = flags.DEFINE_string(
    "coordinator_address", None, "HOST:PORT of process 0, if not found by --multihost."
)
PROCESSES = flags.DEFINE_integer("num_processes", None, "On all hosts together.")
PROCESS = flags.DEFINE_integer("process_id", None, "Of this process, from 0 up.")
flags.mark_flag_as_required("config")


def main() -> int:
    from vaegan_jax.distributed import multihost
    from vaegan_jax.runtime.cpu import keep_freed_memory

    keep_freed_memory()  # before anything that starts JAX's backend
    cluster = (COORDINATOR.value, PROCESSES.value, PROCESS.value)
    if not MULTIHOST.value and cluster == (None, None, None):
        return run()
    with multihost.joined(*cluster):
        return run()


def run() -> int:
    import pathlib

    from vaegan_jax.config.reference import complete
    from vaegan_jax.distributed.multihost import first_before_others
    from vaegan_jax.errors import UserError
    from vaegan_jax.inference.model_folders import is_folder
    from vaegan_jax.inference.shape_files import check_writable
    from vaegan_jax.runtime.cache import keep_compiled_programs
    from vaegan_jax.trainer.resuming import changed_fields
    from vaegan_jax.trainer.train import train

    config = complete(CONFIG.value)
    if WORKDIR.value and not is_folder(WORKDIR.value):
        raise UserError(
            f"--workdir={WORKDIR.value} names trained weights, not a folder to train "
            "in; to begin with them, give --config.train.initial_model="
            f"{WORKDIR.value} and a --workdir of your own"
        )
    workdir = pathlib.Path(WORKDIR.value or f"runs/{config.name}")
    # Both refuse before data are made, which takes long.
    check_writable(workdir, "--workdir")
    changed_fields(workdir, config)
    keep_compiled_programs()
    if not config.data.dir:
        # Imported only here: training from a packed file needs no TensorFlow.
        from vaegan_jax.cli.data_sets import data_prep

        size = config.model.image_size if config.data.num_views else 64
        prepare = lambda: data_prep("prepare").prepare_procedural(  # noqa: E731
            resolution=config.model.resolution, image_size=size
        )
        config.data.dir = str(first_before_others(prepare))
    return train(config, workdir, PROFILE.value)
