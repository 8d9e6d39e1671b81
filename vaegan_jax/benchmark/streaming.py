"""Batches read from a packed file, as steps wait for them, and what memory that takes.

For data sets beyond memory: nothing of the file is kept but a few batches. The page
cache is made to forget it after opening, as it would a file that is larger.
"""

import functools
import pathlib
import time
from collections.abc import Iterator

import jax
import numpy as np

from vaegan_jax.benchmark.machine import forget_cached, resident_memory
from vaegan_jax.benchmark.report import Benchmark
from vaegan_jax.benchmark.workload import build_config, compile_step
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.streaming import host_batches
from vaegan_jax.errors import UserError
from vaegan_jax.runtime.memory import readable
from vaegan_jax.runtime.progress import Progress

_SPLIT = "train"
_ALONE = 500  # batches without steps, many more than are prepared ahead
_STRETCHES = 10  # of the steps, for each of which there is a row


def run(
    data_dir: str | pathlib.Path,
    image_size: int,
    batch_size: int,
    num_views: int,
    rounds: int,
) -> Benchmark:
    """How long steps wait for their batches, and how much memory is resident.

    Args:
      data_dir: a packed file with views.
      image_size: of the networks.
      batch_size: shapes in a batch.
      num_views: of each shape in a batch.
      rounds: how many steps.

    Raises:
      UserError: it is no packed file, or does not fit.
    """
    if not pathlib.Path(data_dir).is_file():
        raise UserError(
            f"{data_dir} is no packed file; make one with prepare-data pack"
        )
    build = functools.partial(
        build_config,
        "mv_vae_gan",
        batch_size,
        num_views=num_views,
        image_size=image_size,
    )
    examples = open_split(
        *(data_dir, _SPLIT, build().model.resolution, image_size),
        channels=None,
        in_memory=False,
    )
    channels = examples.views.shape[-1]
    config = build(image_channels=channels)
    stretches = np.array_split(np.arange(rounds), min(_STRETCHES, rounds))
    with Progress("stream", total=_ALONE + rounds) as progress:
        forget_cached(data_dir)
        progress.stage("batches alone")
        batches = host_batches(examples, batch_size, num_views, 0, 0)
        next(batches)  # which starts the threads
        start = time.perf_counter()
        for _ in range(_ALONE):
            next(batches)
            progress.update()
        alone = (time.perf_counter() - start) / _ALONE
        batches.close()
        progress.stage("steps that wait for batches, compiling first")
        batches = host_batches(examples, batch_size, num_views, 1, 0)
        step = compile_step(config).step
        jax.block_until_ready(step())
        jax.device_put(next(batches))
        rows = [_row(of, batches, step, progress) for of in stretches]
        batches.close()
    notes = (
        f"{len(examples)} shapes, {readable(examples.nbytes)} if they were in memory, "
        f"in {data_dir}. Batches of {batch_size} shapes with {num_views} views of "
        f"{image_size}² × {channels}. Read from the disk, without steps, one takes "
        f"{1e3 * alone:.3g} ms: "
        f"{batch_size * num_views / alone:,.0f} images a second. Memory is at the end "
        "of the steps: anonymous is RssAnon of /proc/self/status, which does not count "
        "the page cache; resident is VmRSS, with the pages of files that are mapped.",
    )
    return Benchmark("stream", rows, ("steps",), "anonymous MiB", notes)


def _row(steps: np.ndarray, batches: Iterator, step, progress: Progress) -> dict:
    """A stretch of steps, each with the batch that it waits for, as training does."""
    waited, start = 0.0, time.perf_counter()
    for _ in steps:
        asked = time.perf_counter()
        jax.device_put(next(batches))
        waited += time.perf_counter() - asked
        jax.block_until_ready(step())
        progress.update()
    passed = time.perf_counter() - start
    anonymous, resident = resident_memory()
    return {
        "steps": f"{steps[0] + 1} to {steps[-1] + 1}",
        "step ms": 1e3 * passed / len(steps),
        "waits ms": 1e3 * waited / len(steps),
        "waits % of a step": 100 * waited / passed,
        "anonymous MiB": anonymous / 2**20,
        "resident MiB": resident / 2**20,
    }
