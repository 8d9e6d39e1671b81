"""What this runs on: hardware and versions."""

import importlib.metadata
import pathlib
import platform

from vaegan_jax.runtime.cpu import usable_cores

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "tensorflow-cpu", "torch")


def describe() -> dict[str, str]:
    """Hardware and versions, for the head of a report."""
    import jax  # not above: whoever only runs commands leaves the device to them

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
