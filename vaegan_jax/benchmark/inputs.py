"""The input pipeline: decoding, batches, transfer, and how long a step waits for it."""

import pathlib
import time
from collections.abc import Callable, Iterator

import jax
import numpy as np

from vaegan_jax.benchmark.report import Benchmark
from vaegan_jax.benchmark.timing import calls, summarise, take_turns
from vaegan_jax.benchmark.workload import build_config, compile_step
from vaegan_jax.data import packed_source, tfds_source
from vaegan_jax.data.examples import Examples
from vaegan_jax.runtime.progress import Progress

_SPLIT = "train"
_STRETCHES = (
    *("gathered on the host", "moved to the device"),
    "gathered on the device",
)
_STEP_ROUNDS = 5  # of the step without a pipeline


def run(
    data_dir: str | pathlib.Path,
    image_size: int,
    batch_size: int,
    num_views: int,
    rounds: int,
) -> Benchmark:
    """Images a second on each stretch of the way, and the share of a step they cost.

    Args:
      data_dir: a prepared data set with views.
      image_size: of the networks.
      batch_size: shapes in a batch.
      num_views: of each shape in a batch.
      rounds: how many batches are timed.
    """
    total = calls(len(_STRETCHES), rounds) + calls(1, _STEP_ROUNDS) + rounds
    with Progress("input", total=total) as progress:
        progress.stage(f"decoding {_SPLIT}")
        start = time.perf_counter()
        examples = tfds_source.read_split(pathlib.Path(data_dir), _SPLIT, image_size)
        decoding = time.perf_counter() - start
        config = build_config(
            *("mv_vae_gan", batch_size),
            num_views=num_views,
            image_size=image_size,
            image_channels=examples.views.shape[-1],
        )
        arguments = (examples, batch_size, num_views, 0, 0)
        host = tfds_source.stream_batches(*arguments)
        one = next(host)
        device = packed_source.device_batches(*arguments)
        functions = _next(host), lambda: jax.device_put(one), _next(device)
        progress.stage("batches")
        variants = dict(zip(_STRETCHES, functions, strict=True))
        seconds = take_turns(variants, rounds, progress)
        progress.stage("a step, compiling first")
        compiled = {"step": compile_step(config).step}
        step = summarise(take_turns(compiled, _STEP_ROUNDS, progress)["step"]).median
        progress.stage("steps that wait for batches, compiling first")
        waiting = _waiting(examples, config, rounds, step)
        progress.update(rounds)
    rows = [_row("decoded, once", decoding, examples.views.shape[:2], step)]
    rows[0]["% of a step"] = ""
    for name in variants:
        median = summarise(seconds[name]).median
        rows.append(_row(name, median, (batch_size, num_views), step))
    rows.append(waiting)
    batch_images = batch_size * num_views
    notes = (
        f"Batches of {batch_size} shapes with {num_views} views of {image_size}² as "
        f"uint8: {one['views'].nbytes / 1e6:.1f} MB; the whole split "
        f"{examples.views.nbytes / 1e6:.0f} MB. A step takes {1e3 * step:.0f} ms, so "
        f"it needs {batch_images / step:,.0f} images a second. Only what a step waits "
        "for costs it time: the rest happens while it computes.",
    )
    return Benchmark("input", rows, ("stretch",), "images/s", notes)


def _row(name: str, seconds: float, shape: tuple[int, int], step: float) -> dict:
    images = shape[0] * shape[1]
    return {
        "stretch": name,
        "ms": 1e3 * seconds,
        "images/s": images / seconds,
        "% of a step": 100 * seconds / step,
    }


def _next(batches: Iterator) -> Callable:
    return lambda: next(batches)


def _waiting(examples: Examples, config, rounds: int, step: float) -> dict:
    """What steps wait for batches from the host, as training counts it."""
    batches = tfds_source.stream_batches(
        examples, config.train.batch_size, config.data.num_views, 0, 0
    )
    compiled = compile_step(config)
    waits = []
    for _ in range(rounds):
        start = time.perf_counter()
        next(batches)
        waits.append(time.perf_counter() - start)
        jax.block_until_ready(compiled.step())
    shape = (config.train.batch_size, config.data.num_views)
    return _row("waited for by a step", float(np.median(waits)), shape, step)
