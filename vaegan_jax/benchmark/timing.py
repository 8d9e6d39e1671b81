"""Times of variants that take turns, so that they share what a machine goes through."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from vaegan_jax.runtime.progress import Progress

_WARM_UP = 2


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, after some rounds.

    Attributes:
      seconds: of each variant, in the rounds that all had.
    """

    def __init__(self, seconds: dict[str, list[float]]):
        super().__init__()
        self.seconds = seconds


class Times(NamedTuple):
    """Seconds: the median, and the quartiles around it."""

    median: float
    low: float
    high: float


def summarise(seconds: list[float]) -> Times:
    """Median and quartiles."""
    low, median, high = np.quantile(seconds, [0.25, 0.5, 0.75])
    return Times(float(median), float(low), float(high))


def calls(variants: int, rounds: int) -> int:
    """How often `take_turns` calls so many variants, which is what it counts."""
    return variants * (_WARM_UP + rounds)


def take_turns(
    variants: Mapping[str, Callable[[], Any]],
    rounds: int,
    progress: Progress | None = None,
    warm_up: int = _WARM_UP,
) -> dict[str, list[float]]:
    """Seconds of each call, variant after variant in every round.

    Args:
      variants: each does its work once. What they return is waited for; a `Peer` says
        itself how long it took.
      rounds: how often each is timed.
      progress: counts the calls. Nothing is told while one is timed.
      warm_up: calls before that, untimed: they compile, and fill caches.

    Raises:
      Interrupted: Ctrl-C, after a round or more.
    """
    progress = Progress(disable=True) if progress is None else progress
    for name, function in variants.items():
        progress.at(f"warming up {name}")
        for _ in range(warm_up):
            jax.block_until_ready(function())
            progress.update()
    seconds = {name: [] for name in variants}
    try:
        for number in range(rounds):
            progress.at(f"round {number + 1} of {rounds}")
            for name, function in variants.items():
                start = time.perf_counter()
                result = jax.block_until_ready(function())
                passed = time.perf_counter() - start
                seconds[name].append(
                    result if isinstance(function, Peer) else passed,
                )
                progress.update()
    except KeyboardInterrupt as stop:
        whole = min(map(len, seconds.values()))
        if not whole:
            raise
        kept = {name: times[:whole] for name, times in seconds.items()}
        raise Interrupted(kept) from stop
    return seconds


def ratio(slower: list[float], faster: list[float]) -> Times:
    """How many times slower one variant is, round by round."""
    return summarise([a / b for a, b in zip(slower, faster, strict=True)])


class Peer:
    """A variant in a process of its own, idle between its turns.

    Two libraries with threads of their own do not share a process well: one's threads
    go on spinning for a while, on the cores that the other's turn needs.

    Args:
      make: called once in the other process, with the arguments; it returns the
        function that is timed there. Must be importable.
    """

    def __init__(self, make: Callable[..., Callable[[], Any]], *arguments: Any):
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(there, make, arguments), daemon=True
        )
        self._process.start()
        there.close()
        self._receive()

    def __call__(self) -> float:
        """Has it done once there; returns the seconds that it took."""
        self._here.send(True)
        return self._receive()

    def close(self) -> None:
        """Ends the process."""
        self._here.send(False)
        self._process.join()

    def _receive(self) -> float:
        kind, value = self._here.recv()
        if kind == "error":
            self._process.join()
            raise RuntimeError(value)
        return value


def _serve(pipe, make, arguments) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what has started this one ends it
    try:
        function = make(*arguments)
        pipe.send(("ready", 0.0))
        while pipe.recv():
            start = time.perf_counter()
            function()
            pipe.send(("seconds", time.perf_counter() - start))
    except Exception as error:
        pipe.send(("error", f"{type(error).__name__}: {error}"))
