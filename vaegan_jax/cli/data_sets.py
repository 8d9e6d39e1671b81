"""Where `data_prep` is: in a checkout beside the library, installed inside of it."""

import importlib
import importlib.util
import types


def data_prep(module: str) -> types.ModuleType:
    """A module of `data_prep`, so that the wheel adds one import name alone."""
    installed = importlib.util.find_spec("vaegan_jax.data_prep")
    package = "vaegan_jax.data_prep" if installed else "data_prep"
    return importlib.import_module(f"{package}.{module}")
