"""The commands of `scripts/benchmark.py` and their options.

What measures is imported when a command runs.
"""

import argparse
from collections.abc import Callable

from vaegan_jax.benchmark.report import Benchmark
from vaegan_jax.errors import UserError
from vaegan_jax.runtime.paths import path_argument

_MODELS = ("gan", "vae_gan", "mv_vae_gan")
_PEER_BATCHES = dict(zip(_MODELS, (32, 32, 8), strict=True))
_REFINERS = ("none", "unet")
_PRECISIONS = ("float32", "bfloat16")
_FORMULATIONS = ("plain", "gather", "winograd")
_TOPOLOGIES = ("v5e:1x1", "v5e:2x2", "v5e:16x16")


def numbers(text: str) -> tuple[int, ...]:
    """Positive whole numbers with commas between."""
    values = tuple(int(part) for part in text.split(","))
    if min(values) < 1:
        raise ValueError(text)
    return values


def some_of(allowed: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """Parses names with commas between."""

    def parse(text: str) -> tuple[str, ...]:
        values = tuple(text.split(","))
        for value in values:
            if value not in allowed:
                raise argparse.ArgumentTypeError(
                    f"{value!r} is none of {', '.join(allowed)}"
                )
        return values

    return parse


def encoding(given: argparse.Namespace) -> Benchmark:
    """Times encoding many views, vectorised and one by one."""
    from vaegan_jax.benchmark.encoding import run

    return run(given.views, given.image_size, given.batch_size, given.rounds)


def step(given: argparse.Namespace) -> Benchmark:
    """Times whole training steps."""
    from vaegan_jax.benchmark.step import run

    sizes = (given.batch_size, given.image_size)
    return run(given.models, *sizes, given.precision, given.rounds, given.refiner)


def growth(given: argparse.Namespace) -> Benchmark:
    """Measures how time and memory of a step grow with its sizes."""
    from vaegan_jax.benchmark.step import growth

    return growth(given.rounds)


def peer(given: argparse.Namespace) -> Benchmark:
    """Times our step beside the same in PyTorch."""
    from vaegan_jax.benchmark.peer import run

    sizes = given.batch_size or tuple(_PEER_BATCHES[model] for model in given.models)
    if len(sizes) != len(given.models):
        raise UserError(
            f"--batch_size has {len(sizes)} numbers and --models {len(given.models)} "
            "names; give a number for each of these"
        )
    settings = (given.rounds, given.refiner, given.quick)
    return run(given.models, sizes, given.image_size, *settings)


def inputs(given: argparse.Namespace) -> Benchmark:
    """Measures decoding, batches, transfer, and what steps wait for."""
    from vaegan_jax.benchmark.inputs import run

    sizes = (given.image_size, given.batch_size, given.views)
    return run(given.data_dir, *sizes, given.rounds)


def stream(given: argparse.Namespace) -> Benchmark:
    """Measures waiting and memory of steps whose batches a packed file gives."""
    from vaegan_jax.benchmark.streaming import run

    sizes = (given.image_size, given.batch_size, given.views)
    return run(given.data_dir, *sizes, given.rounds)


def layers(given: argparse.Namespace) -> Benchmark:
    """Times every convolution in every formulation."""
    from vaegan_jax.benchmark.layers import run

    sizes = (given.batch_size, given.images, given.image_size)
    return run(*sizes, given.formulations, given.rounds)


def sampling(given: argparse.Namespace) -> Benchmark:
    """Times a trained model."""
    from vaegan_jax.benchmark.sampling import run

    return run(given.workdir, given.checkpoint, given.shapes, given.rounds)


def startup(given: argparse.Namespace) -> Benchmark:
    """Times commands from their start, before and after they are compiled."""
    from vaegan_jax.benchmark.startup import run

    return run(given.data_dir, given.config, given.rounds)


def tpu(given: argparse.Namespace) -> Benchmark:
    """Asks the TPU compiler about whole training steps; needs no TPU."""
    from vaegan_jax.benchmark.tpu import run_steps

    return run_steps(given.models, given.precision, given.topologies, given.refiner)


def tpu_layers(given: argparse.Namespace) -> Benchmark:
    """Asks the TPU compiler about every convolution in every formulation."""
    from vaegan_jax.benchmark.tpu import run_layers

    return run_layers(given.formulations, given.precision)


def add_commands(commands) -> None:
    """Adds every command to an argparse parser's subparsers."""
    option = _command(commands, encoding)
    option("--views", type=numbers, default=(1, 3, 6, 12), help="how many (1,3,6,12)")
    option("--image_size", type=numbers, default=(64, 224), help="pixels (64,224)")
    option("--batch_size", type=int, default=4, help="shapes (4)")

    option = _command(commands, step)
    option("--models", type=some_of(_MODELS), default=_MODELS, help="all three")
    option("--batch_size", type=numbers, default=(8, 32), help="shapes (8,32)")
    option("--image_size", type=numbers, default=(64,), help="pixels (64)")
    precisions = some_of(_PRECISIONS)
    option("--precision", type=precisions, default=("float32",), help="or bfloat16")
    refiner = {"choices": _REFINERS, "default": "none"}
    refiner["help"] = "R of the models that see views (none)"
    option("--refiner", **refiner)

    _command(commands, growth)

    option = _command(commands, peer)
    option("--peer", choices=("pytorch",), default="pytorch", help="(pytorch)")
    option("--models", type=some_of(_MODELS), default=_MODELS, help="all three")
    batches = ",".join(map(str, _PEER_BATCHES.values()))
    option("--batch_size", type=numbers, help=f"shapes, of each ({batches})")
    option("--quick", action="store_true", help="two of the variants, three rounds")
    option("--image_size", type=int, default=64, help="pixels (64)")
    option("--refiner", **refiner)

    for function, name, data in (
        (inputs, "input", "directory of a prepared data set"),
        (stream, "stream", "packed file, as of prepare-data pack"),
    ):
        option = _command(commands, function, name)
        option("--data_dir", type=path_argument, required=True, help=data)
        option("--image_size", type=int, default=64, help="pixels (64)")
        option("--batch_size", type=int, default=8, help="shapes (8)")
        option("--views", type=int, default=12, help="of each shape (12)")

    option = _command(commands, layers)
    option("--batch_size", type=int, default=8, help="shapes (8)")
    option("--images", type=int, default=96, help="that are encoded (96)")
    option("--image_size", type=int, default=64, help="pixels (64)")
    formulations = some_of(_FORMULATIONS)
    default = ("gather", "winograd")
    option("--formulations", type=formulations, default=default, help="and plain")

    option = _command(commands, sampling)
    option("--workdir", type=path_argument, required=True, help="of a trained model")
    option("--checkpoint", default="latest", help="a step, latest or best")
    option("--shapes", type=numbers, default=(1, 16, 64), help="at once (1,16,64)")

    option = _command(commands, startup)
    data = "what to train on, a prepared data set"
    option("--data_dir", type=path_argument, required=True, help=data)
    option("--config", default="mv_vae_gan:demo", help="(mv_vae_gan:demo)")

    option = _command(commands, tpu, backend="cpu")  # has no TPU
    option("--models", type=some_of(_MODELS), default=_MODELS, help="all three")
    option("--precision", type=precisions, default=_PRECISIONS, help="both")
    topologies = some_of(_TOPOLOGIES)
    option("--topologies", type=topologies, default=_TOPOLOGIES, help="1, 4, 256 chips")
    option("--refiner", **refiner)

    option = _command(commands, tpu_layers, backend="cpu")
    option("--precision", type=precisions, default=_PRECISIONS, help="both")
    option("--formulations", type=formulations, default=_FORMULATIONS, help="all three")


def _command(
    commands, function: Callable, name: str | None = None, backend: str = "auto"
) -> Callable:
    """Adds a command with the options that all have; returns what adds more."""
    parser = commands.add_parser(
        name or function.__name__, description=function.__doc__, help=function.__doc__
    )
    parser.set_defaults(function=function)
    option = parser.add_argument
    option("--rounds", type=int, default=9, help="how often each variant is timed (9)")
    option("--backend", default=backend, help="cpu, gpu or tpu (the best there is)")
    option(
        "--output",
        type=path_argument,
        default="runs/benchmarks",
        help="for tables, JSON and plots",
    )
    return option
