"""What a training or a data preparation left behind, to compare with another's."""

import hashlib
import pathlib
import re

import numpy as np

_STEP_LINE = re.compile(r"\S+ (step (\d+)/.*?) \S+ steps/s.*")


def log_lines(workdir: pathlib.Path) -> list[str]:
    path = workdir / "train.log"
    return path.read_text().splitlines() if path.exists() else []


def step_lines(lines: list[str]) -> list[str]:
    """Lines of single steps, without the time of day and what follows from speed."""
    return [found[1] for found in map(_STEP_LINE.match, lines) if found]


def last_step(lines: list[str]) -> int:
    """The step of the last line, 0 if that tells of none."""
    found = _STEP_LINE.match(lines[-1]) if lines else None
    return int(found[2]) if found else 0


def complete_steps(workdir: pathlib.Path) -> list[int]:
    names = [path.name for path in (workdir / "checkpoints").glob("*")]
    return [int(name) for name in names if name.isdecimal()]


def partial_steps(workdir: pathlib.Path) -> list[pathlib.Path]:
    return list((workdir / "checkpoints").glob("*.orbax-checkpoint-tmp*"))


def state_bytes(workdir: pathlib.Path, step: int) -> dict[str, bytes]:
    """Every array of a checkpoint, read by itself."""
    import orbax.checkpoint as ocp

    checkpoint = workdir / "checkpoints" / str(step) / "default"
    tree = ocp.StandardCheckpointer().restore(checkpoint.resolve())
    found = {}

    def collect(prefix, node):
        if isinstance(node, dict):
            for key, value in node.items():
                collect(f"{prefix}/{key}", value)
        elif isinstance(node, list | tuple):
            for i, value in enumerate(node):
                collect(f"{prefix}/{i}", value)
        elif node is not None:
            data = node
            if "rng" in prefix:
                import jax

                if jax.dtypes.issubdtype(node.dtype, jax.dtypes.prng_key):
                    data = jax.random.key_data(node)
            found[prefix] = np.asarray(data).tobytes()

    collect("", tree)
    assert len(found) > 50
    return found


def events(workdir: pathlib.Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard shows, but for speeds: steps and values of every scalar."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(workdir / "logs"), size_guidance={"scalars": 0})
    read.Reload()
    names = [n for n in read.Tags()["scalars"] if not n.startswith("speed/")]
    found = {name: [(e.step, e.value) for e in read.Scalars(name)] for name in names}
    for name, values in found.items():
        steps = [step for step, _ in values]
        assert steps == sorted(set(steps)), name
    return found


def digests(folder: pathlib.Path) -> dict[str, str]:
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and path.name != ".lock":
            content = path.read_bytes()
            name = path.relative_to(folder).as_posix()
            found[name] = hashlib.sha256(content).hexdigest()
    return found
