"""How times are taken and summarised."""

import itertools
import types

import pytest

from vaegan_jax.benchmark import (
    timing,
    work,
)
from vaegan_jax.runtime.progress import Progress


def test_growth_exponent_of_a_power_law():
    assert work.growth_exponent([1.0, 2.0, 8.0], [3.0, 12.0, 192.0]) == pytest.approx(2)


def test_variants_take_turns_after_a_warm_up():
    order = []
    variants = {name: lambda name=name: order.append(name) for name in "ab"}
    seconds = timing.take_turns(variants, rounds=3, warm_up=2)
    assert "".join(order) == "aabb" + "ababab"
    assert [len(times) for times in seconds.values()] == [3, 3]


def test_nothing_is_told_while_something_is_timed(monkeypatch):
    order = []

    class Recorder(Progress):
        def display(self, *_, **__):
            order.append("told")

        def update(self, n=1):
            self.refresh()
            return super().update(n)

    seconds = itertools.count(0.0)
    clock = lambda: order.append("clock") or next(seconds)  # noqa: E731
    monkeypatch.setattr(timing, "time", types.SimpleNamespace(perf_counter=clock))
    with Recorder("a test", total=timing.calls(1, 2)) as progress:
        timing.take_turns({"a": lambda: order.append("work")}, 2, progress)
        assert progress.n == progress.total
    timed = [order[i : i + 3] for i, event in enumerate(order) if event == "clock"][::2]
    assert timed == [["clock", "work", "clock"]] * 2 and "told" in order


def test_medians_quartiles_and_ratios():
    assert timing.summarise([4.0, 1.0, 2.0, 3.0, 5.0]) == (3, 2, 4)
    assert timing.ratio([2.0, 6.0, 8.0], [1.0, 2.0, 2.0]).median == 3


def make_sleeper(fails):
    if fails:
        raise ValueError("no such thing")
    return lambda: None


@pytest.mark.slow
def test_a_peer_times_itself_and_tells_what_went_wrong():
    peer = timing.Peer(make_sleeper, False)
    seconds = timing.take_turns({"peer": peer}, rounds=2)["peer"]
    peer.close()
    assert all(0 <= s < 10 for s in seconds)
    with pytest.raises(RuntimeError, match="ValueError: no such thing"):
        timing.Peer(make_sleeper, True)
