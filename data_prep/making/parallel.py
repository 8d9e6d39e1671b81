"""Work spread over processes, which tells how far it has come."""

import collections
import concurrent.futures
import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.cpu import usable_cores
from vaegan_jax.runtime.progress import Progress

from .memory import limit_memory

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
    name: Callable[[Any], str] = str,
) -> Iterator[Any]:
    """Results of `function(item)`, in the order of the items.

    The processes are spawned, not forked, because TensorFlow and JAX hold threads that
    a fork would break: `function` must be importable, and the module that it lives in
    should import neither, for it is loaded in every process.

    Args:
      function: called once for each item.
      items: what to work on.
      description: what is being done.
      processes: how many; default one for each core that this process may use.
      name: what messages call an item.

    Raises:
      Whatever the function raises, and UserError if a process was killed; it names the
      item that this process was at.
    """
    processes = processes or usable_cores()
    if processes == 1 or len(items) < _WORTH_IT:
        yield from Progress(description, map(function, items), len(items))
        return
    context = multiprocessing.get_context("spawn")
    at_work = context.RawArray("q", len(items))  # the process that is at an item
    executor = concurrent.futures.ProcessPoolExecutor(
        min(processes, len(items)),
        context,
        _start_worker,
        (function, at_work, processes),
    )
    others, workers = multiprocessing.active_children(), set()
    other_threads = threading.enumerate()
    try:
        with _one_thread_each(), _out_of_reach():
            # This starts the workers. Not `map`, which cancels what its reader leaves:
            # the executor trips over that when the workers end.
            pending = collections.deque(
                executor.submit(_work, i, item) for i, item in enumerate(items)
            )
            workers = set(multiprocessing.active_children()) - set(others)
        for _ in Progress(description, range(len(items))):
            yield pending.popleft().result()
    except concurrent.futures.process.BrokenProcessPool as error:
        found = [name(items[i]) for i in _killed_at(at_work, workers)]
        where = f" at {' or '.join(found)}" if found else ""
        raise UserError(
            f"{description}: a worker process was killed{where}, probably because "
            "memory ran out; close other programs or leave it out, and start again"
        ) from error
    finally:
        # Waiting for what the workers are at, or have not even imported yet, may take
        # minutes. What they have not begun is cancelled first, or the executor takes
        # their end for a failure of it.
        results = executor._result_queue  # which shutting down forgets
        executor.shutdown(wait=False, cancel_futures=True)
        workers = set(multiprocessing.active_children()) - set(others)
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()
        # Of a result that a worker was writing the executor's thread awaits the rest,
        # for ever: this process, too, holds an end that could write it.
        results._writer.close()
        # The executor's thread closes its pipes when it sees that. If the program ends
        # at that moment, Python's exit writes to them and tells so with a traceback.
        for thread in set(threading.enumerate()) - set(other_threads):
            if not thread.daemon:
                thread.join()


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


@contextlib.contextmanager
def _out_of_reach():
    """Processes started here never see Ctrl-C, from their first instruction on.

    A terminal sends it to the whole group: workers that are still importing would die
    with a traceback each. They inherit the mask of blocked signals, which they never
    lift. Here, Ctrl-C takes effect at the end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # where Ctrl-C has no effect, and handlers cannot be set
        return
    came = []
    # Other threads do not block it, and what one of them gets is handled in this one.
    before = signal.signal(signal.SIGINT, lambda *signum_and_frame: came.append(True))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, before)
    if came:
        signal.raise_signal(signal.SIGINT)


def _killed_at(at_work: Sequence[int], workers) -> list[int]:
    """What the worker that ended by itself was at; the others are terminated then."""
    busy = {i: process for i, process in enumerate(at_work) if process}
    # The executor collects its workers in a thread of its own; until it has written
    # down how one ended, that is None here.
    deadline = time.monotonic() + 10
    while any(w.exitcode is None for w in workers) and time.monotonic() < deadline:
        time.sleep(0.01)
    usual = (None, 0, -signal.SIGTERM)
    killed = {worker.pid for worker in workers if worker.exitcode not in usual}
    return [i for i, process in busy.items() if process in killed] or list(busy)


def _start_worker(function, at_work, processes: int) -> None:
    """Bounds its memory, ends it when its parent is gone, tells it what to do."""
    limit_memory(processes)
    global _function, _at_work
    _function, _at_work = function, at_work
    parent = multiprocessing.parent_process()

    def follow():
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _work(index: int, item: Any) -> Any:
    _at_work[index] = os.getpid()
    try:
        return _function(item)
    finally:
        _at_work[index] = 0
