"""The flags that say which model a command uses, and what follows from them."""

from absl import flags

from vaegan_jax.cli import command_line

flags.disclaim_key_flags()  # --help lists them as those of the command


def define() -> None:
    """Defines --workdir and --checkpoint."""
    command_line.define_path(
        "workdir",
        None,
        "Of the training run; or weights: a folder, or hf://USER/NAME. Default: the "
        "weights that come with vaegan_jax.",
    )
    command_line.define_checkpoint()


def load():
    """The `Model` that the flags name; says which if it is the library's own."""
    from vaegan_jax import pretrained
    from vaegan_jax.inference import loading, model_folders
    from vaegan_jax.runtime.cache import keep_compiled_programs

    keep_compiled_programs()
    workdir = flags.FLAGS.workdir
    model = loading.load(workdir, flags.FLAGS.checkpoint)
    if workdir in (None, model_folders.PRETRAINED):
        print(f"with the weights that come with vaegan_jax ({pretrained.DEFAULT})")
    return model


def output_folder(given: str | None, name: str, workdir: str | None) -> str:
    """Where a command writes: what is given, or the folder `name`.

    That is in the work directory; of a model that is not the user's own, it is here.
    """
    from vaegan_jax.inference.model_folders import is_own

    return given or (f"{workdir}/{name}" if is_own(workdir) else name)
