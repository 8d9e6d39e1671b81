"""What the machine that benchmarks run on can do at most."""

import os
import pathlib

import jax
import jax.numpy as jnp

from vaegan_jax.benchmark.timing import take_turns

# Rows, columns and inner size of the products: of those that occur here, the largest,
# and one that fills an accelerator.
_PRODUCTS = ((2048, 2048, 2048), (4096, 1024, 512), (1024, 512, 4096))
_LARGE_PRODUCT = (8192, 8192, 8192)


def resident_memory() -> tuple[float, float]:
    """Bytes of this process in memory: its own, and with the pages of mapped files.

    NaN where the system does not tell. Neither counts what the page cache keeps of
    files that are read.
    """
    status = pathlib.Path("/proc/self/status")
    if not status.exists():
        return float("nan"), float("nan")
    lines = status.read_text("utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    anonymous, resident = (
        1024.0 * int(fields[name].split()[0]) for name in ("RssAnon", "VmRSS")
    )
    return anonymous, resident


def forget_cached(path: str | pathlib.Path) -> None:
    """Has the page cache drop what it keeps of a file, where the system can."""
    if hasattr(os, "posix_fadvise"):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def matmul_peak(dtype: str = "float32", rounds: int = 9) -> float:
    """Operations a second of the fastest of some matrix products."""
    best = 0.0
    products = _PRODUCTS
    if jax.default_backend() != "cpu":
        products += (_LARGE_PRODUCT,)
    for rows, columns, inner in products:
        a = jnp.ones((rows, inner), dtype)
        b = jnp.ones((inner, columns), dtype)
        multiply = jax.jit(jnp.matmul)
        seconds = take_turns({"": lambda m=multiply, a=a, b=b: m(a, b)}, rounds)[""]
        best = max(best, 2 * rows * columns * inner / min(seconds))
    return best


def copy_bandwidth(rounds: int = 9) -> float:
    """Bytes a second that are read and written, in place, by an array of 256 MiB."""
    add = jax.jit(lambda x: x + 1, donate_argnums=0)
    state = {"x": jnp.zeros(1 << 26)}

    def once():
        state["x"] = add(state["x"])
        return state["x"]

    seconds = take_turns({"": once}, rounds)[""]
    return 2 * state["x"].nbytes / min(seconds)
