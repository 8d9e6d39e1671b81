"""Our training step beside the same step in PyTorch, in paired processes.

None of them imports TensorFlow: a process that has dies when `torch.compile` imports
Triton.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

from vaegan_jax.benchmark.report import Benchmark, Rows
from vaegan_jax.benchmark.timing import (
    Interrupted,
    Peer,
    calls,
    ratio,
    summarise,
    take_turns,
)
from vaegan_jax.benchmark.workload import refiner_of
from vaegan_jax.errors import UserError, installs
from vaegan_jax.runtime.progress import Progress

# Of each variant in PyTorch, the arguments of `PyTorchStep`.
_PYTORCH = {
    "pytorch, published": {"way": "published"},
    "pytorch, best but its ends": {
        "way": "best",
        "channels_last": True,
        "dense_ends": False,
    },
    "pytorch, best": {"way": "best"},
    "pytorch, best, channels last": {"way": "best", "channels_last": True},
    "pytorch, best, compiled": {"way": "best", "compiled": True},
    "pytorch, best, channels last, compiled": {
        "way": "best",
        "channels_last": True,
        "compiled": True,
    },
}
# Of a step with R, which the original does not have.
_OF_REFINED = {
    name: options
    for name, options in _PYTORCH.items()
    if options["way"] == "best" and options.get("dense_ends", True)
}
OURS = "vaegan_jax"
# What `quick` leaves: the original's way, and the best that is not compiled.
_QUICK = ("pytorch, published", "pytorch, best, channels last")
_QUICK_ROUNDS = 3


class _Case(NamedTuple):
    """A step: the arguments of `build_config`, and what tells it from others."""

    algorithm: str
    batch_size: int
    fields: dict[str, Any]
    refiner: str = ""
    quick: bool = False

    @property
    def variants(self) -> dict[str, dict]:
        """In PyTorch, the arguments of `PyTorchStep`."""
        variants = _OF_REFINED if self.refiner else _PYTORCH
        if self.quick:
            return {name: variants[name] for name in _QUICK if name in variants}
        return variants


def run(
    models: Sequence[str],
    batch_sizes: Sequence[int],
    image_size: int,
    rounds: int,
    refiner: str = "none",
    quick: bool = False,
) -> Benchmark:
    """Steps of the reference networks, a row for each model and variant.

    With a refiner, also steps in which that alone learns. What Ctrl-C leaves is told.

    Args:
      models: some of the algorithms.
      batch_sizes: shapes in a batch, of each of the models.
      image_size: of the views.
      rounds: how often each is timed.
      refiner: `config.model.refiner` of those that see views.
      quick: some of the variants, in few rounds.

    Raises:
      UserError: PyTorch is not installed.
      KeyboardInterrupt: before anything was timed.
    """
    if find_spec("torch") is None:
        raise UserError(f"PyTorch is not installed; {installs('bench')}")
    cases = [
        case
        for algorithm, batch_size in zip(models, batch_sizes, strict=False)
        for case in _cases(algorithm, batch_size, image_size, refiner, quick)
    ]
    rounds = min(rounds, _QUICK_ROUNDS) if quick else rounds
    rows, interrupted = _time_all(cases, rounds)
    notes = (
        f"float32, images of {image_size}², 12 views where there are many, D learns in "
        "every step. Each variant lives in a process of its own and idles while others "
        "have their turn; ratios are medians of those within a round.",
    )
    if interrupted:
        notes += ("Interrupted: models, or rounds of the last one, are missing.",)
    bars = ("model", "refiner", "variant")
    return Benchmark("peer", rows, bars, "ms", notes, interrupted)


def _time_all(cases: Sequence[_Case], rounds: int) -> tuple[Rows, bool]:
    """The rows of all cases, or of those before Ctrl-C; and whether that came."""
    rows, total = [], sum(calls(1 + len(case.variants), rounds) for case in cases)
    with Progress("peer", total=total) as progress:
        for case in cases:
            learns = f", refiner {case.refiner}" if case.refiner else ""
            progress.stage(f"{case.algorithm}, batch {case.batch_size}{learns}")
            try:
                rows += _rows(case, _time(case, rounds, progress))
            except Interrupted as stop:
                return rows + _rows(case, stop.seconds), True
            except KeyboardInterrupt:
                if not rows:
                    raise
                return rows, True
    return rows, False


def _cases(
    algorithm: str, batch_size: int, image_size: int, refiner: str, quick: bool
) -> list[_Case]:
    refiner = refiner_of(algorithm, refiner)
    fields = {"image_size": image_size, "refiner": refiner}
    if refiner == "none":
        return [_Case(algorithm, batch_size, fields, quick=quick)]
    alone = fields | {"only_refiner": True}
    return [
        _Case(algorithm, batch_size, fields, "learns", quick),
        _Case(algorithm, batch_size, alone, "learns alone", quick),
    ]


def _rows(case: _Case, seconds: dict[str, list[float]]) -> Rows:
    rows = []
    for name in seconds:
        times = summarise(seconds[name])
        compared = ratio(seconds[name], seconds[OURS])
        rows.append(
            {
                "model": case.algorithm,
                "refiner": case.refiner,
                "batch": case.batch_size,
                "variant": name,
                "ms": 1e3 * times.median,
                "quartiles": f"{1e3 * times.low:.0f}–{1e3 * times.high:.0f}",
                "this / ours": compared.median,
                "its quartiles": f"{compared.low:.2f}–{compared.high:.2f}",
            }
        )
    return rows


def _time(case: _Case, rounds: int, progress: Progress) -> dict[str, list[float]]:
    """Seconds of our step and of every variant, each in a process of its own."""
    step, variants = (case.algorithm, case.batch_size, case.fields), {}
    for name in (OURS, *case.variants):
        progress.at(f"starting {name}")
        if name == OURS:
            variants[name] = Peer(make_ours, *step)
        else:
            variants[name] = Peer(make_pytorch, *step, case.variants[name])
    seconds = take_turns(variants, rounds, progress)
    for peer in variants.values():
        peer.close()
    return seconds


def make_ours(algorithm: str, batch_size: int, fields: dict) -> Callable:
    """Our step, as training runs it; the arguments of `build_config`."""
    import jax

    from vaegan_jax.benchmark.workload import build_config, compile_step
    from vaegan_jax.runtime.cache import keep_compiled_programs
    from vaegan_jax.runtime.cpu import keep_freed_memory

    keep_compiled_programs()  # how long that takes is not the question here
    keep_freed_memory()
    config = build_config(algorithm, batch_size, **fields)
    step = compile_step(config).step
    return lambda: jax.block_until_ready(step())


def make_pytorch(
    algorithm: str, batch_size: int, fields: dict, options: dict
) -> Callable:
    """PyTorch's step on the same batch, from the same state."""
    import torch

    from vaegan_jax.benchmark import workload
    from vaegan_jax.benchmark.pytorch_networks import tensor
    from vaegan_jax.benchmark.pytorch_step import PyTorchStep
    from vaegan_jax.runtime.cpu import keep_freed_memory, usable_cores

    keep_freed_memory()  # it gains from that as much as we do
    torch.set_num_threads(usable_cores())
    config = workload.build_config(algorithm, batch_size, **fields)
    step = PyTorchStep(config, workload.initial_state(config), **options)
    batch = {k: tensor(v) for k, v in workload.random_batch(config).items()}
    given = [batch.get(name) for name in ("voxels", "views", "cameras")]
    return lambda: step(*given)
