"""Where files go that can be made again: data sets, downloads, compiled programs."""

import hashlib
import os
import pathlib
import platform


def cache_directory() -> pathlib.Path:
    """`$VAEGAN_CACHE`, or `vaegan_jax` in the user's cache directory."""
    default = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("VAEGAN_CACHE") or f"{default}/vaegan_jax")


def keep_compiled_programs() -> None:
    """Lets JAX keep what it compiles, so that a second start compiles nothing.

    A directory that was set before, as by `JAX_COMPILATION_CACHE_DIR`, stays. Each kind
    of processor has its own: programs for a CPU use all instructions of that CPU.
    """
    import jax  # not above: making data sets needs no JAX

    if jax.config.jax_compilation_cache_dir is None:
        directory = cache_directory() / "compiled" / _processor()
        jax.config.update("jax_compilation_cache_dir", str(directory))


def _processor() -> str:
    information = pathlib.Path("/proc/cpuinfo")
    flags = platform.processor()
    if information.exists():
        lines = information.read_text().splitlines()
        # x86's name for the instruction sets, and ARM's.
        flags = next((x for x in lines if x.startswith(("flags", "Features"))), flags)
    return f"{platform.machine()}-{hashlib.sha256(flags.encode()).hexdigest()[:8]}"
