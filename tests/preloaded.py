"""Starts commands from a process that has imported everything that they import.

Most of what a short command takes is starting Python, JAX and TensorFlow. Forked from
such a process it runs as ever, with arguments, output and an exit status of its own.
"""

import atexit
import functools
import importlib
import json
import os
import pathlib
import runpy
import subprocess
import sys
import tempfile
from typing import NamedTuple

# Not JAX's backends: threads do not survive a fork.
_MODULES = (
    *("tensorflow_datasets", "tensorflow", "orbax.checkpoint", "flax.linen", "optax"),
    *("matplotlib.figure", "scipy.optimize", "sklearn.svm", "skimage.measure"),
    *("tensorboardX", "ml_collections.config_flags", "trimesh", "safetensors.numpy"),
)


class Result(NamedTuple):
    """What is left of a command, as of `subprocess.run`."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str, **environment: str) -> Result:
    """Runs a script of this repository with arguments.

    Args:
      arguments: the script and what follows it, as for `python`.
      environment: variables to set. Those that Python, JAX or TensorFlow read while
        they are imported come too late.
    """
    with tempfile.TemporaryDirectory() as folder:
        outputs = [os.path.join(folder, name) for name in ("stdout", "stderr")]
        server = _server()
        request = {"argv": arguments, "environment": environment, "outputs": outputs}
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        returncode = int(server.stdout.readline())
        return Result(returncode, *(pathlib.Path(o).read_text() for o in outputs))


@functools.cache
def _server() -> subprocess.Popen:
    root = pathlib.Path(__file__).parents[1]
    server = subprocess.Popen(
        [sys.executable, __file__],
        cwd=root,
        # The command's own folder comes first on the path, as if started by itself.
        env=os.environ | {"PYTHONPATH": _path(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.kill)
    return server


def _path(root: pathlib.Path) -> str:
    return os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(root)]))


def load() -> None:
    """Imports all that commands import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    for name in _MODULES:
        importlib.import_module(name)


def _serve() -> None:
    """Forks a process for every request, one after the other."""
    load()
    for line in sys.stdin:
        request = json.loads(line)
        process = os.fork()
        if not process:
            return _become(**request)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(argv: list[str], environment: dict[str, str], outputs: list[str]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    opened = [os.open(path, os.O_WRONLY | os.O_CREAT) for path in outputs]
    for number, descriptor in enumerate((nothing, *opened)):
        os.dup2(descriptor, number)
    os.environ.update(environment)
    sys.argv = argv
    sys.path[0] = os.path.dirname(os.path.abspath(argv[0]))
    runpy.run_path(argv[0], run_name="__main__")


if __name__ == "__main__":
    _serve()
