"""How tests run, and where the real chairs are."""

import atexit
import dataclasses
import importlib.metadata
import os
import pathlib
import shutil
import tempfile

import pytest

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
