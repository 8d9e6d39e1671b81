"""Several processes that train together, as one on every host of a cluster.

All run the same program on the same global arrays, and must start every computation
across devices, and every save, in the same order. What only one of them does, such as
evaluating, it does with arrays of its own.
"""

import contextlib
import faulthandler
import os
import pathlib
import re
import sys
import time
from collections.abc import Callable, Iterator
from traceback import format_exception
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh

from vaegan_jax.distributed.sharding import by_batch, on_all, place
from vaegan_jax.errors import UserError, explain
from vaegan_jax.runtime.interrupts import StopRequest

# Without a sign of life for so many seconds a process counts as dead, and the others
# end too. Whoever waits for a process that ended is told so at once.
_SILENCE = 30

# Seconds until a file that another host has written is seen, at most.
_SEEN_AFTER = 90

_STATUS = re.compile("(UNKNOWN|UNAVAILABLE|INTERNAL|ABORTED|CANCELLED|DEADLINE_EXC).*:")


def is_first() -> bool:
    """Whether this process is the one that writes logs and pictures."""
    return jax.process_index() == 0


@contextlib.contextmanager
def joined(
    coordinator_address: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
) -> Iterator[None]:
    """Joins the other processes; must come before anything that uses a device.

    An error within ends this process at once, and thereby the others within a minute:
    an orderly exit would wait for processes that in turn wait for this one.

    Args:
      coordinator_address: of the first process, HOST:PORT. This and the others may be
        None on Slurm, Open MPI, Kubernetes with jax[k8s] and TPU pods, where they are
        found out.
      num_processes: of all hosts together.
      process_id: of this one, from 0 up.

    Raises:
      UserError: there is no cluster to be found, or it does not answer.
    """
    try:
        jax.distributed.initialize(
            coordinator_address,
            num_processes,
            process_id,
            heartbeat_timeout_seconds=_SILENCE,
        )
    except (ValueError, RuntimeError) as error:
        raise UserError(
            f"cannot join the other processes ({_first_line(error)}); where the "
            "cluster is not found by itself, pass --coordinator_address=HOST:PORT, "
            "--num_processes and --process_id"
        ) from error
    # JAX ends a process that waits for a silent one by aborting it, and says why; a
    # traceback would bury that.
    faulthandler.disable()
    try:
        yield
    except BaseException as error:
        print(_explain(error), file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)


def _explain(error: BaseException) -> str:
    if tells_of_loss(error):
        return (
            f"error: process {jax.process_index()} of {jax.process_count()} stops: "
            f"another one has ended, or a device failed ({_first_line(error)}); start "
            "the same command on every host again, and it goes on from the last "
            "checkpoint"
        )
    sentence = explain(error)
    return f"error: {sentence}" if sentence else "".join(format_exception(error))


def tells_of_loss(error: BaseException | None) -> bool:
    """Whether an error in one of several processes means that another has ended.

    That is one of JAX's runtime, or caused by one; while dispatching, it raises
    ValueErrors.
    """
    if error is None or jax.process_count() == 1:
        return False
    if isinstance(error, jax.errors.JaxRuntimeError):
        return True
    if isinstance(error, ValueError) and _STATUS.match(str(error)):
        return True
    return tells_of_loss(error.__cause__)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def first_before_others(function: Callable[[], Any]) -> Any:
    """Calls a function in every process; in the others once the first is done with it.

    For what the first makes on a disk that the others then find.
    """
    if is_first():
        result = function()
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices("first_before_others")
    return result if is_first() else function()


def from_first(function: Callable[[], float | None]) -> float | None:
    """What a function returns in the first process, which alone calls it, for all."""
    if jax.process_count() == 1:
        return function()
    value = function() if is_first() else None
    sent = np.float32(np.nan if value is None else value)
    received = float(multihost_utils.broadcast_one_to_all(sent))
    return None if np.isnan(received) else received


def in_all(value: bool) -> bool:
    """Whether something is true in every process; all of them ask."""
    if jax.process_count() == 1:
        return value
    return bool(multihost_utils.process_allgather(np.bool_(value)).all())


def wait_for(path: pathlib.Path) -> None:
    """Returns when a file that the first process has written can be seen here.

    Raises:
      UserError: it cannot; network file systems take up to a minute.
    """
    end = time.monotonic() + _SEEN_AFTER
    while not path.exists():
        if time.monotonic() > end:
            raise UserError(
                f"process {jax.process_index()} does not see {path}, which process 0 "
                "has written: --workdir must be on a file system that all hosts share"
            )
        time.sleep(0.2)


class SharedStop:
    """A `StopRequest` of any process, which all of them follow before the same step.

    Attributes:
      signum: the signal that all know of, or None.
    """

    def __init__(self, request: StopRequest, mesh: Mesh):
        self.signum: int | None = None
        self.attempt = request.attempt  # each process by itself
        self._request, self._mesh = request, mesh
        self._largest = jax.jit(jnp.max, out_shardings=on_all(mesh))
        self._asked: jax.Array | None = None

    def agreed(self) -> bool:
        """Whether to stop now; every process asks before every step."""
        if jax.process_count() == 1:
            self.signum = self._request.signum
            return self.signum is not None
        # The answer is that to the question before the last step, which the devices
        # have done with: nobody waits for it.
        if self._asked is not None:
            self.signum = int(self._asked) or None
        own = np.full(jax.local_device_count(), self._request.signum or 0, np.int32)
        self._asked = self._largest(place(own, by_batch(self._mesh)))
        return self.signum is not None
