"""Every convolution by itself, in every formulation, beside the machine's limit."""

from collections.abc import Callable, Sequence
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np

from vaegan_jax.benchmark import machine
from vaegan_jax.benchmark.report import Benchmark
from vaegan_jax.benchmark.timing import calls, summarise, take_turns
from vaegan_jax.benchmark.work import (
    Layer,
    discriminator_layers,
    encoder_layers,
    generator_layers,
    roofline,
    unstrided_layers,
)
from vaegan_jax.benchmark.workload import build_config
from vaegan_jax.models.convolutions import same
from vaegan_jax.models.convolutions.strided import (
    Formulation,
    convolve,
    convolve_transposed,
)
from vaegan_jax.runtime.progress import Progress

_PADDING = {2: 2, 3: 1}  # by spatial axes
_PASSES = ("forward", "input gradient", "kernel gradient", "all")


def run(
    batch_size: int,
    images: int,
    image_size: int,
    formulations: Sequence[str],
    rounds: int,
) -> Benchmark:
    """The reference networks' convolutions and two of stride 1, forward and gradients.

    Args:
      batch_size: shapes that G makes and D sees, and the two others take.
      images: that E sees.
      image_size: of those.
      formulations: some of `Formulation`; "plain" takes minutes on a CPU.
      rounds: how often each is timed.
    """
    config = build_config("mv_vae_gan", batch_size, image_size=image_size)
    layers = [(layer, images) for layer in encoder_layers(config)]
    layers += [(layer, batch_size) for layer in generator_layers(config)]
    layers += [(layer, batch_size) for layer in discriminator_layers(config)]
    layers += [(layer, batch_size) for layer in unstrided_layers()]
    # Dense ones are one product in any formulation.
    layers = [(layer, count) for layer, count in layers if layer.rank]
    rows = []
    each = calls(len(formulations) * len(_PASSES), rounds)
    with Progress("layers", total=len(layers) * each) as progress:
        progress.stage("first products of matrices, and copies")
        peak, bandwidth = machine.matmul_peak(), machine.copy_bandwidth()
        for layer, count in layers:
            progress.stage(layer.name)
            variants = {
                f"{formulation}, {name}": function
                for formulation in formulations
                for name, function in passes(layer, count, formulation).items()
            }
            seconds = take_turns(variants, rounds, progress)
            best = roofline(count * layer.flops, layer.numbers(count), peak, bandwidth)
            for formulation in formulations:
                times = {
                    name: summarise(seconds[f"{formulation}, {name}"]).median
                    for name in _PASSES
                }
                rows.append(
                    {
                        "layer": layer.name,
                        "batch": count,
                        "GFLOP": count * layer.flops / 1e9,
                        "formulation": formulation,
                    }
                    | {f"{name} ms": 1e3 * value for name, value in times.items()}
                    | {"% of the limit": 100 * 3 * best / times["all"]}
                )
    notes = (
        f"Limit: the longer of operations at {peak / 1e9:.0f} GFLOP/s, the fastest "
        f"matrix product, and numbers in and out at {bandwidth / 1e9:.1f} GB/s, a "
        "change in place; both measured in this run. `all` is the three passes in one "
        "program, which share what they can. G's layers are transposed; U1 and U2 have "
        "stride 1.",
    )
    return Benchmark("layers", rows, ("layer", "formulation"), "all ms", notes)


def passes(
    layer: Layer, count: int, formulation: Formulation
) -> dict[str, Callable[[], jax.Array]]:
    """The layer's forward pass, its two gradients, and all three, on random numbers."""
    rng = np.random.default_rng(0)
    arguments = [
        jnp.asarray(rng.normal(size=shape), jnp.float32)
        for shape in argument_shapes(layer, count)
    ]
    pull = all_passes(layer, formulation)
    chosen = {
        "forward": lambda given, kernel, gradient: pull(given, kernel, gradient)[0],
        "input gradient": lambda *arguments: pull(*arguments)[1],
        "kernel gradient": lambda *arguments: pull(*arguments)[2],
        "all": pull,
    }
    compiled = {name: jax.jit(f) for name, f in chosen.items()}
    return {name: lambda f=f: f(*arguments) for name, f in compiled.items()}


def argument_shapes(layer: Layer, count: int) -> tuple[tuple[int, ...], ...]:
    """Shapes of what a layer is given, its kernel, and the gradient of its output."""
    kernel = (*(layer.taps,) * layer.rank, layer.inputs, layer.outputs)
    large = (count, *(layer.size,) * layer.rank, layer.inputs)
    cells = layer.size // layer.stride
    small = (count, *(cells,) * layer.rank, layer.outputs)
    return (small, kernel, large) if layer.transposed else (large, kernel, small)


def all_passes(layer: Layer, formulation: Formulation) -> Callable:
    """A function of these three: the output and the gradients of input and kernel."""
    function = convolve_transposed if layer.transposed else convolve

    def apply(given, kernel):
        if layer.stride == 1:
            return same.convolve(given, kernel, formulation)
        return function(given, kernel, _PADDING[layer.rank], formulation)

    def pull(given, kernel, gradient):
        output, pullback = jax.vjp(apply, given, kernel)
        return output, *pullback(gradient)

    return pull


FORMULATIONS = get_args(Formulation)
