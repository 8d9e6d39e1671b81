"""What devices that share a batch must know of each other's shares.

Data parallel training applies the whole step on every device to an equal share of the
batch (`sharding.share_step`). Within it a mean over the batch becomes the mean of all
shares' means, and random numbers are drawn for the whole batch, of which every share
takes its rows: so the step computes the same on any number of devices. Elsewhere, as on
one device, in sampling and in exports, everything here leaves its argument as it is.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped

AXIS = "batch"  # the name of the mesh's only axis


def count_shares() -> int:
    """How many devices share the batch of the function that is being traced."""
    mesh = jax.sharding.get_abstract_mesh()
    return mesh.shape[AXIS] if AXIS in mesh.manual_axes else 1


def mean_over_shares(tree: Any) -> Any:
    """Means of arrays of equal shape that the devices computed from their shares."""
    return tree if count_shares() == 1 else jax.lax.pmean(tree, AXIS)


def own_rows(
    draw: Callable[[int], Shaped[Array, " b *n"]], count: int
) -> Shaped[Array, " s *n"]:
    """This device's rows of what `draw` makes for the whole batch.

    Args:
      draw: from a number of rows to these rows, the same on every device.
      count: how many rows a device's share has.
    """
    shares = count_shares()
    if shares == 1:
        return draw(count)
    start = jax.lax.axis_index(AXIS) * count
    return jax.lax.dynamic_slice_in_dim(draw(shares * count), start, count)


def next_rows(rows: Shaped[Array, " s *n"]) -> Shaped[Array, " s *n"]:
    """For each row of this device's share the next one of the whole batch.

    That of the last is the first.
    """
    if count_shares() == 1:
        return jnp.roll(rows, -1, axis=0)
    first = jax.lax.ppermute(
        rows[:1], AXIS, [(i, (i - 1) % count_shares()) for i in range(count_shares())]
    )
    return jnp.concatenate([rows[1:], first])
