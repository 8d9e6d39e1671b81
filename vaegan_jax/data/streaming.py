"""Batches that the host gathers from memory or from a packed file, some ahead."""

import collections
import concurrent.futures
from collections.abc import Iterator

import numpy as np

from vaegan_jax.data.examples import Examples
from vaegan_jax.data.order import index_stream

# Reading waits for the disk more than it computes.
_THREADS = 4
_AHEAD = 8  # batches


def host_batches(
    examples: Examples,
    batch_size: int,
    num_views: int,
    seed: int,
    start_step: int,
    rows: slice = slice(None),
    in_order: bool = False,
) -> Iterator[dict[str, np.ndarray]]:
    """Training batches from `start_step` on, prepared ahead by some threads.

    Of a shape only the views are read that the step encodes.

    Yields:
      The `rows` of each batch: uint8 `voxels` (b, x, y, z), unless `num_views` is 0
      `views` (b, v, h, w, c); `targets` like the voxels and `cameras` (b, v, 4) of
      the views if the examples have them.
    """

    def gather(index, chosen):
        batch = {"voxels": examples.voxels[index]}
        if num_views:
            batch["views"] = examples.views[index[:, None], chosen]
        if num_views and examples.cameras is not None:
            batch["cameras"] = examples.cameras[index[:, None], chosen]
        if examples.targets is not None:
            batch["targets"] = examples.targets[index]
        return batch

    wanted = index_stream(
        examples, batch_size, num_views, seed, start_step, rows, in_order
    )
    pool = concurrent.futures.ThreadPoolExecutor(_THREADS, "batches")
    try:
        submit = lambda: pool.submit(gather, *next(wanted))  # noqa: E731
        ahead = collections.deque(submit() for _ in range(_AHEAD))
        while True:
            batch = ahead.popleft().result()
            ahead.append(submit())
            yield batch
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
