"""A bar on a terminal, elsewhere plain lines."""

import contextlib
import io
import os
import pty
import termios

import pytest

from tests.helpers import progress_lines
from vaegan_jax.runtime.progress import Progress, print_above


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding):
        super().__init__(io.BytesIO(), encoding, "backslashreplace")  # as stderr

    def isatty(self):
        return True

    def shown(self):
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture
def lines(capfd):
    """The lines on standard error, which is a file."""
    return lambda: progress_lines(capfd.readouterr().err)


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when a test says so."""
    now = [1000.0]
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])

    def wait(seconds):
        now[0] += seconds

    return wait


def test_lines_tell_what_is_done_and_what_is_left(lines, clock):
    for _ in Progress("making shapes", range(50)):
        clock(1.0)
    found = lines()
    assert found[0] == "making shapes: 0/50, 00:00 passed, ? left"
    assert found[1:5] == [
        f"making shapes: {n}/50, 00:{n} passed, 00:{50 - n:02d} left"
        for n in (10, 20, 30, 40)
    ]
    assert found[5:] == ["making shapes: 50/50, 00:50 passed, 00:00 left"]


def test_stages_come_at_once_and_their_parts_when_it_is_time(lines, clock):
    with Progress("samples", total=8) as progress:
        for stage in ("set 1", "set 2"):
            progress.stage(stage)
            for part in ("iou", "emd"):
                with progress.counted(part):
                    clock(4.0)
                    progress.at(f"rest of {part}")
                    clock(2.0)
    assert lines() == [
        "samples: 0/8, 00:00 passed, ? left",
        "samples, set 1: 0/8, 00:00 passed, ? left",
        "samples, set 1: 1/8, 00:10 passed, 01:10 left, rest of emd",
        "samples, set 2: 2/8, 00:12 passed, 00:36 left",
        "samples, set 2: 3/8, 00:22 passed, 00:36 left, rest of emd",
        "samples, set 2: 4/8, 00:24 passed, 00:24 left, rest of emd",
    ]


def test_the_end_is_told_when_work_breaks_off_and_before_the_error(lines):
    def make():
        for number in Progress("making", range(5)):
            if number == 3:
                raise ValueError
            yield number

    with pytest.raises(ValueError):
        list(make())
    assert lines()[-1].startswith("making: 3/5")
    results = make()
    next(results)
    results.close()  # as when the reader of the results breaks off
    assert lines()[-1].startswith("making: 0/5")


@pytest.mark.parametrize(
    "encoding, bar", [("utf-8", "32³:  50%|████"), ("ascii", "32\\xb3:  50%|####")]
)
def test_a_terminal_gets_a_bar_on_one_line(capfd, monkeypatch, encoding, bar):
    monkeypatch.setenv("COLUMNS", "100")
    with contextlib.redirect_stderr(Terminal(encoding)) as terminal:
        with Progress("samples", total=2) as progress:
            progress.stage("of 32³")
            with progress.counted("emd"):
                pass
            print_above("a line of the log")
            progress.update()
        shown = terminal.shown()
    assert shown.count("\n") == 1 and shown.endswith("\n")
    assert f"samples, of {bar}" in shown and "1/2 [" in shown and ", emd]" in shown
    assert capfd.readouterr() == ("a line of the log\n", "")


@pytest.mark.parametrize("columns", [0, 80])
def test_a_terminal_without_columns_gets_lines(columns):
    """As a container has; tqdm would draw a bar of no length."""
    terminal, stderr = pty.openpty()
    termios.tcsetwinsize(stderr, (24 if columns else 0, columns))
    with (
        os.fdopen(stderr, "w", encoding="utf-8") as stream,
        contextlib.redirect_stderr(stream),
    ):
        for _ in Progress("deforming", range(3)):
            pass
    shown = b""
    with contextlib.suppress(OSError):  # that it is closed, when all has been read
        while part := os.read(terminal, 4096):  # which may be less than all
            shown += part
    os.close(terminal)
    shown = shown.decode()
    assert ("deforming: 100%|██" in shown) == (columns > 0)
    assert ("deforming: 3/3, 00:00 passed" in shown) == (columns == 0)


def test_what_is_nested_on_no_terminal_is_lines_too(lines):
    with Progress("outer", total=1) as progress:
        for _ in Progress("inner", range(1)):
            pass
        progress.update()
    assert [line.split(":")[0] for line in lines()] == [
        "outer",
        *["inner"] * 2,
        "outer",
    ]


def test_what_is_short_and_patient_tells_nothing(capfd, clock):
    for _ in Progress("encoding", range(9), delay=2.0):
        clock(0.1)
    assert capfd.readouterr().err == ""


def test_no_thread_writes_when_it_likes():
    with Progress("peer", total=1) as progress:
        assert progress.monitor_interval == 0 and not progress.dynamic_miniters
