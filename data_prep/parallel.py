"""Work spread over processes, with a progress bar."""

import concurrent.futures
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tqdm

from vaegan_jax.errors import UserError

# Fewer items than this take longer to hand out than to work off.
_WORTH_IT = 24
_THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def parallel_map(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    description: str,
    processes: int | None = None,
) -> Iterator[Any]:
    """Results of `function(item)`, in the order of the items.

    The processes are spawned, not forked, because TensorFlow and JAX hold threads that
    a fork would break: `function` must be importable, and the module that it lives in
    should import neither, for it is loaded in every process.

    Args:
      function: called once for each item.
      items: what to work on.
      description: stands before the progress bar.
      processes: how many; default one for each core that this process may use.

    Raises:
      Whatever the function raises, and UserError if a process was killed.
    """
    processes = processes or usable_cores()
    if processes == 1 or len(items) < _WORTH_IT:
        yield from tqdm.tqdm(map(function, items), description, len(items), leave=False)
        return
    with _one_thread_each():
        executor = concurrent.futures.ProcessPoolExecutor(
            min(processes, len(items)),
            multiprocessing.get_context("spawn"),
            initializer=_start_worker,
        )
        try:
            results = executor.map(function, items, chunksize=4)
            yield from tqdm.tqdm(results, description, len(items))
        except concurrent.futures.process.BrokenProcessPool as error:
            raise UserError(
                f"{description}: a worker process was killed, probably because memory "
                "ran out; close other programs and start again."
            ) from error
        finally:
            executor.shutdown(cancel_futures=True)


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _one_thread_each():
    """Environment in which spawned processes do not start threads of their own."""
    before = {name: os.environ.get(name) for name in _THREAD_LIMITS}
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_worker() -> None:
    """Leaves Ctrl-C to the parent, and ends the worker when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow():
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
