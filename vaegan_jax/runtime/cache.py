"""Where files go that can be made again: data sets, downloads, compiled programs."""

import contextlib
import hashlib
import os
import pathlib
import platform
import warnings
from collections.abc import Iterator

from vaegan_jax.errors import UserError, explain

_REMEDY = "set VAEGAN_CACHE to a folder that can be written to"


def cache_directory() -> pathlib.Path:
    """`$VAEGAN_CACHE`, or `vaegan_jax` in the user's cache directory.

    Raises:
      UserError: the variable is not set, and the user has no home.
    """
    if chosen := os.environ.get("VAEGAN_CACHE"):
        return pathlib.Path(chosen)
    if caches := os.environ.get("XDG_CACHE_HOME"):
        return pathlib.Path(caches, "vaegan_jax")
    try:
        return pathlib.Path.home() / ".cache/vaegan_jax"
    except RuntimeError as error:
        raise UserError(f"this user has no home directory; {_REMEDY}") from error


@contextlib.contextmanager
def writing_to_cache() -> Iterator[pathlib.Path]:
    """Gives `cache_directory()`; that it cannot be written to is a `UserError`."""
    directory = cache_directory()
    try:
        yield directory
    except OSError as error:
        raise UserError(
            f"cannot write to the cache, {directory} ({explain(error)}); {_REMEDY}"
        ) from error


def keep_compiled_programs() -> None:
    """Lets JAX keep what it compiles, so that a second start compiles nothing.

    A directory that was set before, as by `JAX_COMPILATION_CACHE_DIR`, stays. Each kind
    of processor has its own: programs for a CPU use all instructions of that CPU. Where
    none can be made, nothing is kept.
    """
    import jax  # not above: making data sets needs no JAX

    if jax.config.jax_compilation_cache_dir is not None:
        return
    try:
        with writing_to_cache() as cache:
            directory = cache / "compiled" / _processor()
            directory.mkdir(parents=True, exist_ok=True)
    except UserError as error:
        warnings.warn(f"every start compiles anew: {error}", stacklevel=2)
        return
    jax.config.update("jax_compilation_cache_dir", str(directory))


def _processor() -> str:
    information = pathlib.Path("/proc/cpuinfo")
    flags = platform.processor()
    if information.exists():
        lines = information.read_text("utf-8", errors="replace").splitlines()
        # x86's name for the instruction sets, and ARM's.
        flags = next((x for x in lines if x.startswith(("flags", "Features"))), flags)
    return f"{platform.machine()}-{hashlib.sha256(flags.encode()).hexdigest()[:8]}"
