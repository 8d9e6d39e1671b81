"""What the TPU compiler says of training steps and convolutions, without a TPU.

libtpu compiles for chips that are not there and tells operations, memory traffic,
memory and the cycles that it expects. None of it is measured on a chip.
"""

import importlib.util
import itertools
import math
import os
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import topologies
from jax.sharding import Mesh
from ml_collections import ConfigDict

from vaegan_jax.benchmark.collectives import sent_bytes
from vaegan_jax.benchmark.layers import all_passes, argument_shapes
from vaegan_jax.benchmark.report import Benchmark
from vaegan_jax.benchmark.work import (
    discriminator_layers,
    encoder_layers,
    generator_layers,
)
from vaegan_jax.benchmark.workload import batch_shapes, refiner_of
from vaegan_jax.config.reference import complete, reference_config
from vaegan_jax.distributed.sharding import by_batch, device_mesh, on_all
from vaegan_jax.errors import UserError, installs
from vaegan_jax.models.networks import build_networks
from vaegan_jax.runtime.progress import Progress, print_above
from vaegan_jax.training.optimizers import build_optimizers
from vaegan_jax.training.state import create_state
from vaegan_jax.training.step import make_train_step

# Of a TPU v5e chip, https://cloud.google.com/tpu/docs/v5e: memory in bytes, bfloat16
# operations and bytes of memory and of links to other chips per second.
MEMORY = 16 * 2**30
_PEAK, _BANDWIDTH, _LINKS = 197e12, 819e9, 200e9
_CLOCK = _PEAK / (4 * 2 * 128**2)  # four units of 128² multiply-adds per cycle
_HOP = 1e-6  # seconds for a message to the next chip, an assumption

_CYCLES = re.compile(r'"estimated_cycles":"(\d+)"')
_RATES = (
    f"Least: what {_PEAK / 1e12:.0f} TFLOP/s and {_BANDWIDTH / 1e9:.0f} GB/s, the "
    "chip's published rates, allow. Expected: the compiler's cycles for every "
    f"operation, added up, at the {_CLOCK / 1e9:.2f} GHz that the rate implies. "
    "Nothing was run on a chip."
)


def chips(topology: str) -> Mesh:
    """The mesh of the chips of a topology, such as "v5e:2x2".

    Raises:
      UserError: libtpu is not installed.
    """
    if importlib.util.find_spec("libtpu") is None:
        raise UserError(f"libtpu is not installed: {installs('tpu')}")
    # Do not look for a TPU's host, and do not claim its chips.
    os.environ.setdefault("TPU_SKIP_MDS_QUERY", "1")
    os.environ.setdefault("ALLOW_MULTIPLE_LIBTPU_LOAD", "1")
    options = {}
    if topology.endswith(":1x1"):
        options = {"chips_per_host_bounds": (1, 1, 1)}
    described = topologies.get_topology_desc(
        platform="tpu", topology_name=topology, **options
    )
    return device_mesh(described.devices)


def run_steps(
    models: Sequence[str],
    dtypes: Sequence[str],
    names: Sequence[str],
    refiner: str = "none",
) -> Benchmark:
    """The reference's steps, their batch of 32 on every chip (weak scaling).

    Args:
      models: some of the algorithms.
      dtypes: precisions of the products.
      names: of topologies.
      refiner: `config.model.refiner` of those that see views.
    """
    rows, cases = [], list(itertools.product(names, dtypes, models))
    with Progress("compiling", total=len(cases)) as progress:
        for topology, dtype, algorithm in cases:
            progress.stage(f"{algorithm}, {dtype}, {topology}")
            rows.append(step_row(algorithm, topology, dtype, refiner))
            print_above(str(rows[-1]))
            progress.update()
    notes = (
        f"{_RATES} All numbers are of one chip. Efficiency: the share of a step in "
        "which a chip computes, if the expected time is right and sending is hidden "
        f"by nothing: every byte of the collectives twice over {_LINKS / 1e9:.0f} GB/s "
        f"of links, and {1e6 * _HOP:.0f} µs (assumed) for each hop of each collective.",
    )
    bars = ("model", "refiner", "precision", "chips")
    return Benchmark("tpu", rows, bars, "expected ms", notes)


def step_row(
    algorithm: str, topology: str, dtype: str, refiner: str = "none"
) -> dict[str, Any]:
    """What the compiler says of one step, see `run_steps`."""
    config = complete(reference_config(algorithm))
    config.model.refiner = refiner_of(algorithm, refiner)
    mesh = chips(topology)
    config.train.batch_size *= mesh.size
    config.model.dtype, config.model.convolution = dtype, "plain"
    start = time.perf_counter()
    compiled = compile_step(config, mesh)
    seconds = time.perf_counter() - start
    sent = sent_bytes(compiled.as_text())
    row = {
        "model": algorithm,
        "refiner": config.model.refiner,
        "precision": dtype,
        "chips": mesh.size,
        "batch": config.train.batch_size,
        **costs(compiled),
        "collectives": sum(map(len, sent.values())),
        "sent MB": sum(map(sum, sent.values())) / 1e6,
        "of it activations MB": sum(sum(sent[k]) for k in sent if k != "all-reduce")
        / 1e6,
    }
    row["efficiency %"] = 100 * efficiency(row)
    row["compiling s"] = seconds
    return row


def compile_step(config: ConfigDict, mesh: Mesh) -> jax.stages.Compiled:
    """The training step of a completed configuration, for the devices of a mesh."""
    networks, optimizers = build_networks(config), build_optimizers(config, 100.0)
    step = make_train_step(config, networks, optimizers, mesh)
    state = jax.eval_shape(lambda: create_state(config, networks, optimizers, mesh))

    def placed(tree, sharding):
        return jax.tree.map(
            lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=sharding), tree
        )

    state, batch = (
        placed(state, on_all(mesh)),
        placed(batch_shapes(config), by_batch(mesh)),
    )
    return step.lower(state, batch).compile()


def costs(compiled: jax.stages.Compiled) -> dict[str, Any]:
    """What the compiler says of one chip's part of a program."""
    analysis, memory = compiled.cost_analysis(), compiled.memory_analysis()
    resident = memory.argument_size_in_bytes + memory.output_size_in_bytes
    resident += memory.temp_size_in_bytes - memory.alias_size_in_bytes
    resident += memory.generated_code_size_in_bytes
    # `optimal_seconds` of the analysis is negative for these programs. These cycles
    # are what the compiler chose its own code by; both branches of D's gate count.
    cycles = sum(map(int, _CYCLES.findall(compiled.as_text())))
    flops, moved = analysis["flops"], analysis["bytes accessed"]
    return {
        "GFLOP": flops / 1e9,
        "moved GB": moved / 1e9,
        "memory GiB": resident / 2**30,
        "fits": resident < MEMORY,
        "least ms": 1e3 * max(flops / _PEAK, moved / _BANDWIDTH),
        "expected ms": 1e3 * cycles / _CLOCK,
    }


def efficiency(row: dict[str, Any]) -> float:
    """The share of a step in which a chip computes, if no sending is hidden.

    Every byte crosses a chip's links twice (a ring's reduce-scatter and all-gather),
    and every collective crosses the mesh: its side in hops, there and back.
    """
    count = row["chips"]
    sending = 2 * row["sent MB"] * 1e6 * (count - 1) / count / _LINKS
    waiting = row["collectives"] * 2 * (math.sqrt(count) - 1) * _HOP
    computing = row["expected ms"] / 1e3
    return computing / (computing + sending + waiting)


def run_layers(formulations: Sequence[str], dtypes: Sequence[str]) -> Benchmark:
    """Every convolution of the reference, forward and both gradients, on one chip.

    Args:
      formulations: of `convolutions`.
      dtypes: precisions.
    """
    rows = list(_layer_rows(formulations, dtypes))
    notes = (
        f"{_RATES} Needed: what the layer's definition asks for. Batches of {_BATCH}, "
        "which `gather` and `winograd` work on at once.",
    )
    bars = ("layer", "precision", "formulation")
    return Benchmark("tpu_layers", rows, bars, "expected ms", notes)


_BATCH = 8  # above it, loops over parts of the batch hide what their bodies cost


def _layer_rows(formulations, dtypes) -> Iterator[dict[str, Any]]:
    mesh, config = chips("v5e:1x1"), complete(reference_config("mv_vae_gan"))
    layers = encoder_layers(config) + generator_layers(config)
    layers += discriminator_layers(config)
    layers = [layer for layer in layers if layer.rank]
    cases = list(itertools.product(dtypes, layers, formulations))
    with Progress("compiling", total=len(cases)) as progress:
        for dtype, layer, formulation in cases:
            structs = [
                jax.ShapeDtypeStruct(shape, jnp.dtype(dtype), sharding=on_all(mesh))
                for shape in argument_shapes(layer, _BATCH)
            ]
            pull = all_passes(layer, formulation)
            with progress.counted(f"{layer.name}, {dtype}, {formulation}"):
                row = {
                    "layer": layer.name,
                    "precision": dtype,
                    "formulation": formulation,
                    "needed GFLOP": 3 * _BATCH * layer.flops / 1e9,
                    **costs(jax.jit(pull).lower(*structs).compile()),
                }
            print_above(str(row))
            yield row
