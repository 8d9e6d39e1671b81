"""Data parallelism: one mesh over all devices, over which every batch is split.

The state is on every device, and each device works on an equal share of the batch. What
BatchNorm's statistics, losses, D's gate and gradients need of the other shares comes by
`partition`. So the number of devices changes how a step is computed and not what
it computes. Several processes, each with devices of its own, make one mesh together.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import (
    Mesh,
    NamedSharding,
    PartitionSpec,
    Sharding,
    SingleDeviceSharding,
)

from vaegan_jax.distributed.partition import AXIS
from vaegan_jax.errors import UserError


def device_mesh(devices: Sequence[Any] | None = None) -> Mesh:
    """The mesh of these devices, by default of all, those of a process side by side."""
    if devices is None:
        devices = sorted(jax.devices(), key=lambda d: (d.process_index, d.id))
    return Mesh(np.array(devices), (AXIS,))


def on_all(mesh: Mesh) -> Sharding:
    """The placement of arrays that every device has whole."""
    return _placement(mesh, PartitionSpec())


def by_batch(mesh: Mesh) -> Sharding:
    """The placement of arrays whose first axis, the batch, the devices share."""
    return _placement(mesh, PartitionSpec(AXIS))


def _placement(mesh: Mesh, spec: PartitionSpec) -> Sharding:
    if mesh.size == 1:  # as what a step for one device returns
        return SingleDeviceSharding(mesh.devices.item())
    return NamedSharding(mesh, spec)


def share_step(function: Callable[[Any, Any], Any], mesh: Mesh | None) -> Callable:
    """Compiles a function of a state and a batch for the devices of a mesh.

    Args:
      function: applied by each device to the state, which is donated, and its share of
        the batch. What it returns must be the same on all devices.
      mesh: the devices. For one or None the function is compiled as it is.
    """
    if mesh and mesh.size > 1:
        function = jax.shard_map(
            function,
            mesh=mesh,
            in_specs=(PartitionSpec(), PartitionSpec(AXIS)),
            out_specs=PartitionSpec(),
            check_vma=False,  # our own gradients say what they average, and where
        )
    return jax.jit(function, donate_argnums=(0,))


def check_batch_size(batch_size: int, devices: int) -> None:
    """Raises a `UserError` if the devices cannot have equal shares of a batch."""
    if batch_size % devices == 0:
        return
    below = batch_size // devices * devices
    sizes = f"{below} or {below + devices}" if below else str(devices)
    raise UserError(
        f"config.train.batch_size is {batch_size}, which {devices} devices cannot "
        f"share equally; the nearest possible: {sizes}"
    )


def process_rows(batch_size: int, mesh: Mesh) -> slice:
    """Which part of every batch this process reads."""
    shares = by_batch(mesh).addressable_devices_indices_map((batch_size,)).values()
    bounds = [share[0].indices(batch_size) for share in shares]
    return slice(min(b[0] for b in bounds), max(b[1] for b in bounds))


def place(tree: Any, sharding: Sharding) -> Any:
    """Moves arrays of the host to the devices.

    Args:
      tree: of arrays; of those that will be split by batch, the `process_rows` alone.
      sharding: their placement.
    """
    return jax.tree.map(
        lambda x: jax.make_array_from_process_local_data(sharding, np.asarray(x)), tree
    )


def local_copy(tree: Any) -> Any:
    """Arrays that are on all devices as arrays of this process's first, not copied."""
    return jax.tree.map(lambda x: x.addressable_data(0), tree)
