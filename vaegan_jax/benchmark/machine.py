"""What the benchmarks run on, and what it can do at most."""

import importlib.metadata
import os
import pathlib
import platform

import jax
import jax.numpy as jnp

from vaegan_jax.benchmark.timing import take_turns
from vaegan_jax.runtime.cpu import usable_cores

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "tensorflow-cpu", "torch")

# Rows, columns and inner size of the products: of those that occur here, the largest,
# and one that fills an accelerator.
_PRODUCTS = ((2048, 2048, 2048), (4096, 1024, 512), (1024, 512, 4096))
_LARGE_PRODUCT = (8192, 8192, 8192)


def describe() -> dict[str, str]:
    """Hardware and versions, for the head of a report."""
    device = jax.devices()[0]
    versions = []
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "cores": str(usable_cores()),
        "devices": f"{jax.device_count()} × {device.device_kind}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": ", ".join(versions),
    }


def _processor() -> str:
    information = pathlib.Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor()
    lines = information.read_text("utf-8", errors="replace").splitlines()
    field = lambda name: next(  # noqa: E731
        (line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), ""
    )
    wide = [f for f in ("avx2", "avx512f", "amx_bf16") if f in field("flags").split()]
    return " ".join([field("model name") or platform.machine(), *wide])


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
