"""How tests run, and where the real chairs are."""

import atexit
import dataclasses
import importlib.util
import os
import pathlib
import shutil
import tempfile

# Compiled programs are shared between tests, worker processes and the commands that
# tests run: most of the time would otherwise go into compiling the same steps again.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    _cache = tempfile.mkdtemp(prefix="vaegan_jax_tests_")
    atexit.register(shutil.rmtree, _cache, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = _cache
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.5"
# Small networks spend longer in the optimising compiler than they run.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import pytest


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
    script = pathlib.Path(__file__).parents[1] / "scripts" / "prepare_data.py"
    spec = importlib.util.spec_from_file_location("prepare_data_script", script)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def run(*arguments):
        capfd.readouterr()
        try:
            code = script.main(list(arguments))
        except SystemExit as stopped:
            code = stopped.code
        return Result(code, *capfd.readouterr())

    return run
