"""How long commands take from their start, in processes of their own.

What is compiled goes to a cache that is empty at first; the second start finds it.
"""

import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

import jax

from vaegan_jax.benchmark.report import Benchmark
from vaegan_jax.benchmark.timing import summarise
from vaegan_jax.errors import UserError
from vaegan_jax.pretrained import EXAMPLES
from vaegan_jax.runtime.progress import Progress

_PROGRAM = (sys.executable, "-m", "vaegan_jax")
_STEPS = 10
_MARK = re.compile(rf"step (1|{_STEPS})/")  # a line of the log
# Columns, of seconds.
_FIRST, _LAST, _ALL, _CPU = "first step s", f"step {_STEPS} s", "to the end s", "CPU s"


def run(data_dir: str, config: str, rounds: int) -> Benchmark:
    """Ten steps of a training, samples, and a reconstruction of the example pictures.

    Args:
      data_dir: what is trained on.
      config: of the training.
      rounds: how often each command is started, with either cache.
    """
    commands = {
        f"train {config}": (
            *("train", f"--config={config}", f"--config.data.dir={data_dir}"),
            f"--config.train.num_steps={_STEPS}",
            *("--config.train.log_every_steps=1", "--workdir={folder}/run"),
        ),
        "sample": ("sample", "--output={folder}/samples"),
        "reconstruct": (
            *("reconstruct", "--output={folder}/reconstructed", "--views"),
            *map(str, sorted(pathlib.Path(EXAMPLES).glob("chair_*.png"))),
        ),
    }
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    with Progress("startup", total=2 * rounds * len(commands)) as progress:
        for _ in range(rounds):
            for name, command in commands.items():
                with tempfile.TemporaryDirectory() as cache:
                    for kept in ("nothing", "all"):
                        with progress.counted(f"{name}, {kept} compiled before"):
                            times = _start(command, cache)
                        found.setdefault((name, kept), []).append(times)
    return Benchmark("startup", _rows(found), ("command", "compiled before"), _CPU)


def _rows(found: Mapping[tuple[str, str], Sequence[dict[str, float]]]) -> list[dict]:
    """Medians; empty where a command has no steps."""
    return [
        {"command": name, "compiled before": kept}
        | {
            column: summarise([times[column] for times in rounds]).median
            if column in rounds[0]
            else ""
            for column in (_FIRST, _LAST, _ALL, _CPU)
        }
        for (name, kept), rounds in found.items()
    ]


def _start(command: Sequence[str], cache: str) -> dict[str, float]:
    """Seconds from the start of a process to the steps of a training and to its end.

    Args:
      command: its arguments, with `{folder}` for where it may write.
      cache: of compiled programs.

    Raises:
      UserError: it fails.
    """
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": cache}
    if jax.config.jax_platforms:
        environment["JAX_PLATFORMS"] = jax.config.jax_platforms
    found, line = {}, ""
    used, begun = _children_cpu(), time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [*_PROGRAM, *(part.replace("{folder}", folder) for part in command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env=environment,
        ) as process,
    ):
        for line in process.stdout:
            if mark := _MARK.search(line):
                column = _FIRST if mark[1] == "1" else _LAST
                found[column] = time.perf_counter() - begun
        if process.wait():
            raise UserError(f"vaegan {command[0]} fails: {line.strip()}")
        found[_ALL] = time.perf_counter() - begun
    return found | {_CPU: _children_cpu() - used}


def _children_cpu() -> float:
    """Seconds that the cores have spent on processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
