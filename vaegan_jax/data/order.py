"""The order in which training reads a split, and evaluation.

That of training is a function of the seed and the step alone, so a run resumes anywhere
without replaying what it has read.
"""

import functools
import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

from vaegan_jax.data.examples import Examples

# Keeps the draws of view subsets apart from those of the epochs' shuffles.
_SHUFFLE, _VIEWS = 0, 1


def batch_indices(
    step: int, batch_size: int, count: int, seed: int
) -> Int[np.ndarray, " b"]:
    """Which examples make up the batch of a step.

    Epochs follow each other without a gap: a batch may hold the end of one and the
    beginning of the next, so every example is seen exactly once per epoch.
    """
    positions = step * batch_size + np.arange(batch_size)
    epochs, places = np.divmod(positions, count)
    indices = np.empty(batch_size, np.int64)
    for epoch in np.unique(epochs):
        order = _epoch_order(int(epoch), count, seed)
        indices[epochs == epoch] = order[places[epochs == epoch]]
    return indices


@functools.lru_cache(maxsize=2)
def _epoch_order(epoch: int, count: int, seed: int) -> Int[np.ndarray, " n"]:
    """Kept for all steps of an epoch, for a GPU's step may take little longer."""
    return np.random.default_rng([seed, _SHUFFLE, epoch]).permutation(count)


def view_indices(
    step: int,
    batch_size: int,
    stored: int,
    chosen: int,
    seed: int,
    in_order: bool = False,
) -> Int[np.ndarray, "b v"]:
    """Which of the stored views of each example a step encodes, in random order.

    They are drawn for each example anew, without replacement. The order matters even of
    all of them, because the views at one place make a batch of their own for BatchNorm:
    if that were always one azimuth, E would come to rely on statistics of azimuths,
    where evaluation has one set for all. `in_order` is for an encoder that is told the
    azimuths: the first views, as they are stored.
    """
    if in_order:
        return np.tile(np.arange(chosen), (batch_size, 1))
    draws = np.random.default_rng([seed, _VIEWS, step]).random((batch_size, stored))
    return draws.argsort(axis=1)[:, :chosen]


def index_stream(
    examples: Examples,
    batch_size: int,
    num_views: int,
    seed: int,
    start_step: int,
    rows: slice = slice(None),
    in_order: bool = False,
) -> Iterator[tuple[Int[np.ndarray, " b"], Int[np.ndarray, "b v"]]]:
    """Example and view indices of every step from `start_step` on, without end.

    Of each batch only the `rows` that this process reads. Views `in_order`: see
    `view_indices`.
    """
    stored, step = examples.views.shape[1], start_step
    while True:
        index = batch_indices(step, batch_size, len(examples), seed)
        chosen = view_indices(step, batch_size, stored, num_views, seed, in_order)
        yield index[rows], chosen[rows]
        step += 1


def evaluation_batches(
    examples: Examples, batch_size: int
) -> Iterator[tuple[Examples, np.ndarray]]:
    """Every example once, in order, in batches of one size.

    Yields:
      A batch, its last examples repeated if need be to fill it, of names, voxels and
      views alone; and a mask (b,) that is True for the examples that count.
    """
    count = len(examples)
    for i in range(math.ceil(count / batch_size)):
        wanted = np.arange(i * batch_size, (i + 1) * batch_size)
        mask = wanted < count
        index = np.minimum(wanted, count - 1)
        batch = Examples(
            [examples.names[j] for j in index],
            examples.voxels[index],
            examples.views[index],
        )
        yield batch, mask
