"""How tests run, and where the real chairs are."""

import atexit
import dataclasses
import importlib.metadata
import io
import os
import pathlib
import shutil
import tarfile
import tempfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests import preloaded

# Compiled programs are shared between tests, worker processes and the commands that
# tests run: most of the time would otherwise go into compiling the same steps again.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    _cache = tempfile.mkdtemp(prefix="vaegan_jax_tests_")
    atexit.register(shutil.rmtree, _cache, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = _cache
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.5"
# Small networks spend longer in the optimising compiler than they run. Emitting fusions
# through MLIR doubles that; a later jaxlib has no other way, and refuses the flag.
_flags = ["--xla_backend_optimization_level=0"]
if importlib.metadata.version("jaxlib").startswith("0.10."):
    _flags.append("--xla_cpu_use_fusion_emitters=false")
os.environ.setdefault("XLA_FLAGS", " ".join(_flags))

# The hook that checks the types of arrays has compiled anew whatever is imported below
# a module that it checks; a run of everything imports these anyhow.
if "PYTEST_XDIST_WORKER" in os.environ:
    preloaded.load()


@pytest.fixture(scope="session")
def real_data() -> pathlib.Path:
    """The folder of real chairs."""
    folder = os.environ.get("VAEGAN_REAL_DATA")
    if not folder:
        pytest.skip("VAEGAN_REAL_DATA does not name a folder of real chairs")
    return pathlib.Path(folder)


@pytest.fixture(scope="session")
def real_chairs(real_data) -> list[tuple[np.ndarray, np.ndarray]]:
    """A few real chairs: grids (x, y, z) and views (12, h, w)."""
    from vaegan_jax.shapes.voxel_files import read_binvox

    chairs = []
    with (
        zipfile.ZipFile(real_data / "modelnet10_chairs_binvox32.zip") as grids,
        tarfile.open(real_data / "modelnet40v1png_chairs.tar") as images,
    ):
        for number in (2, 10, 59, 100, 300, 500, 700):
            name = f"chair/train/chair_{number:04d}"
            views = []
            for k in range(1, 13):
                file = images.extractfile(f"modelnet40v1png/{name}_{k:03d}.png")
                views.append(np.asarray(Image.open(io.BytesIO(file.read()))))
            grid = read_binvox(grids.read(f"{name}.binvox"))
            chairs.append((grid, np.stack(views)))
    return chairs


@dataclasses.dataclass
class Result:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(capfd):
    """Runs `scripts/prepare_data.py` in this process: TensorFlow is loaded once."""
    from vaegan_jax.cli import prepare_data

    def run(*arguments):
        capfd.readouterr()
        try:
            code = prepare_data.main(list(arguments))
        except SystemExit as stopped:
            code = stopped.code
        return Result(code, *capfd.readouterr())

    return run
