"""What goes wrong because of what the user gave, as opposed to a bug."""

import pathlib
import sys

_CHECKOUT = (pathlib.Path(__file__).parents[1] / "setup.py").is_file()


class UserError(ValueError):
    """One sentence that names the file or field and what to do about it.

    Commands print it alone, without a traceback, and exit with status 1.
    """


def installs(extra: str) -> str:
    """The command that installs an extra: of a checkout, or of what is installed."""
    what = f"-e '.[{extra}]'" if _CHECKOUT else f"'vaegan_jax[{extra}]'"
    return f"pip install {what}"


def explain(error: BaseException) -> str | None:
    """An error in one sentence; None if it is a bug, which needs its traceback.

    The system's own come without their numbers, the file first.
    """
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(filter(None, (error.filename, error.strerror)))
    if isinstance(error, UserError | OSError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; run the same command again"
    if isinstance(error, MemoryError):
        return "this takes more memory than there is"
    return missing_platform() if isinstance(error, Exception) else None


def missing_platform(asked_by: str = "JAX_PLATFORMS") -> str | None:
    """Why JAX cannot start, in one sentence; None if it can, or was not imported.

    Where it cannot, whatever needs a device fails, with one error or another.

    Args:
      asked_by: the variable or flag that names the platform.
    """
    jax = sys.modules.get("jax")
    if jax is None or not jax.config.jax_platforms:
        return None
    try:
        jax.devices()
    except Exception as error:  # AssertionErrors among them
        reason = str(error).partition(" (set JAX_PLATFORMS")[0]
        return (
            f"JAX cannot start {jax.config.jax_platforms!r}, which {asked_by} asks for"
            + (f" ({reason})" if reason else "")
            + f"; leave {asked_by} out to take the best that there is, or install what "
            f"is missing (for NVIDIA GPUs: {installs('cuda')})"
        )
    return None
