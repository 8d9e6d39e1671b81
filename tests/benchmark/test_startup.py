"""How long commands take from their start: of a program that only seems one."""

import sys

import pytest

from vaegan_jax.benchmark import report, startup
from vaegan_jax.errors import UserError

# Takes less time where it finds what the start before has left in the cache.
PROGRAM = """
import os, pathlib, sys, time
kept = pathlib.Path(os.environ["JAX_COMPILATION_CACHE_DIR"], "program")
if sys.argv[1] == "train":
    print("12:00:00 step 1/10 epoch 0.1", flush=True)
    time.sleep(0 if kept.exists() else 0.2)
    print("12:00:00 step 10/10 epoch 0.9\\n12:00:00 step 10: held_out", flush=True)
kept.touch()
if sys.argv[1] == "FAILS":
    sys.exit("error: no such pictures")
"""


def program(fails: str) -> tuple[str, ...]:
    return sys.executable, "-c", PROGRAM.replace("FAILS", fails)


def test_steps_and_ends_are_timed_with_either_cache(monkeypatch):
    monkeypatch.setattr(startup, "_PROGRAM", program("never"))
    rows = startup.run("{data}", "gan:demo", 2).rows  # braces are but a path's
    assert [(row["command"], row["compiled before"]) for row in rows] == [
        (command, kept)
        for command in ("train gan:demo", "sample", "reconstruct")
        for kept in ("nothing", "all")
    ]
    first, second, *others = rows
    for row in (first, second):
        assert 0 < row["first step s"] <= row["step 10 s"] <= row["to the end s"]
    assert first["step 10 s"] - first["first step s"] >= 0.2
    assert second["step 10 s"] - second["first step s"] < 0.2
    for row in others:
        assert row["first step s"] == row["step 10 s"] == ""
        assert row["to the end s"] > 0 and row["CPU s"] > 0
    assert "| sample | nothing |  |  |" in report.to_markdown(
        report.Benchmark("startup", rows, ("command",), "CPU s"), {}, "command"
    )


def test_a_command_that_fails_ends_it_with_its_last_line(monkeypatch):
    monkeypatch.setattr(startup, "_PROGRAM", program("reconstruct"))
    with pytest.raises(UserError, match="vaegan reconstruct fails: error: no such pi"):
        startup.run("data", "gan:demo", 1)
