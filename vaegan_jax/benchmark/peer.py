"""Our training step beside the same step in PyTorch, in paired processes.

None of them imports TensorFlow: a process that has dies when `torch.compile` imports
Triton.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec

from vaegan_jax.benchmark.report import Benchmark
from vaegan_jax.benchmark.timing import Peer, calls, ratio, summarise, take_turns
from vaegan_jax.errors import UserError
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
OURS = "vaegan_jax"


def run(
    models: Sequence[str], batch_sizes: Sequence[int], image_size: int, rounds: int
) -> Benchmark:
    """Steps of the reference networks, a row for each model and variant.

    Raises:
      UserError: PyTorch is not installed.
    """
    if find_spec("torch") is None:
        raise UserError("PyTorch is not installed; pip install -e '.[bench]'")
    rows, cases = [], list(zip(models, batch_sizes, strict=False))
    each = calls(1 + len(_PYTORCH), rounds)
    with Progress("peer", total=len(cases) * each) as progress:
        for algorithm, batch_size in cases:
            progress.stage(f"{algorithm}, batch {batch_size}")
            seconds = _time((algorithm, batch_size, image_size), rounds, progress)
            for name in seconds:
                times = summarise(seconds[name])
                compared = ratio(seconds[name], seconds[OURS])
                rows.append(
                    {
                        "model": algorithm,
                        "batch": batch_size,
                        "variant": name,
                        "ms": 1e3 * times.median,
                        "quartiles": f"{1e3 * times.low:.0f}–{1e3 * times.high:.0f}",
                        "this / ours": compared.median,
                        "its quartiles": f"{compared.low:.2f}–{compared.high:.2f}",
                    }
                )
    notes = (
        f"float32, images of {image_size}², 12 views where there are many, D learns in "
        "every step. Each variant lives in a process of its own and idles while others "
        "have their turn; ratios are medians of those within a round.",
    )
    return Benchmark("peer", rows, ("model", "variant"), "ms", notes)


def _time(
    arguments: tuple[str, int, int], rounds: int, progress: Progress
) -> dict[str, list[float]]:
    """Seconds of our step and of every variant, each in a process of its own."""
    variants = {}
    for name in (OURS, *_PYTORCH):
        progress.at(f"starting {name}")
        if name == OURS:
            variants[name] = Peer(make_ours, *arguments)
        else:
            variants[name] = Peer(make_pytorch, *arguments, _PYTORCH[name])
    seconds = take_turns(variants, rounds, progress)
    for peer in variants.values():
        peer.close()
    return seconds


def make_ours(algorithm: str, batch_size: int, image_size: int) -> Callable:
    """Our step, as training runs it."""
    import jax

    from vaegan_jax.benchmark.workload import build_config, compile_step
    from vaegan_jax.runtime.cache import keep_compiled_programs
    from vaegan_jax.runtime.cpu import keep_freed_memory

    keep_compiled_programs()  # how long that takes is not the question here
    keep_freed_memory()
    config = build_config(algorithm, batch_size, image_size=image_size)
    step = compile_step(config).step
    return lambda: jax.block_until_ready(step())


def make_pytorch(
    algorithm: str, batch_size: int, image_size: int, options: dict
) -> Callable:
    """PyTorch's step on the same batch, from the same state."""
    import torch

    from vaegan_jax.benchmark import workload
    from vaegan_jax.benchmark.pytorch_networks import tensor
    from vaegan_jax.benchmark.pytorch_step import PyTorchStep
    from vaegan_jax.runtime.cpu import keep_freed_memory, usable_cores

    keep_freed_memory()  # it gains from that as much as we do
    torch.set_num_threads(usable_cores())
    config = workload.build_config(algorithm, batch_size, image_size=image_size)
    step = PyTorchStep(config, workload.initial_state(config), **options)
    batch = {k: tensor(v) for k, v in workload.random_batch(config).items()}
    return lambda: step(batch["voxels"], batch.get("views"))
