"""Runs steps, each once: what is complete is not run again."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from vaegan_jax.errors import UserError
from vaegan_jax.evaluate.report import to_json, write_text
from vaegan_jax.reproduction.commands import Step

_BEGUN, _DONE = "begun", "done"
_LIBRARY = pathlib.Path(__file__).parents[1]


class Stopped(Exception):
    """A signal stopped a step, which has ended. Its number is `signum`."""

    def __init__(self, signum: int):
        super().__init__(signum)
        self.signum = signum


class Runner:
    """Runs steps in order, and remembers in `steps/` of a folder how each went.

    Args:
      folder: where logs and what is remembered go.
    """

    def __init__(self, folder: pathlib.Path):
        self._folder, self._commit = folder, commit()
        self._finished: dict[str, float] = {}  # by what each step so far has made
        for name in ("steps", "logs"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def run(self, step: Step) -> dict[str, Any]:
        """Runs a step unless it is complete, and not older than what it reads.

        Returns:
          What is remembered: `name`, `command`, `commit`, `seconds`, also of runs that
          were stopped, when it `finished`, and `state`.

        Raises:
          Stopped: a signal came.
          UserError: the step failed, has another command than before, or what it is to
            make is there and not made by it.
        """
        remembered = self._remembered(step)
        if self._complete(step, remembered):
            print(f"# complete: {step.shown()}", flush=True)
        else:
            self._make_room(step, remembered)
            print(f"$ {step.shown()}", flush=True)
            self._run(step, remembered)
        self._finished[step.output] = remembered["finished"]
        return remembered

    def _complete(self, step: Step, remembered: dict[str, Any]) -> bool:
        if remembered["state"] != _DONE or not os.path.exists(step.output):
            return False
        read = [f"{part.partition('=')[2]}/" for part in step.arguments]
        times = [
            finished
            for made, finished in self._finished.items()
            if any(path.startswith(f"{made}/") for path in read)
        ]
        return remembered["finished"] >= max(times, default=0.0)

    def _make_room(self, step: Step, remembered: dict[str, Any]) -> None:
        if remembered["state"] is None and os.path.exists(step.output):
            raise UserError(
                f"{step.output} exists but was not made by this command; move it away, "
                "or name another --output"
            )
        if not step.resumes:
            _remove(step.output)

    def _run(self, step: Step, remembered: dict[str, Any]) -> None:
        """Runs a step, and remembers it as begun, then as done if it is."""
        begun = time.monotonic()
        try:
            remembered["state"] = _BEGUN
            self._remember(step, remembered)
            code, signum = self._call(step)
        finally:
            remembered["seconds"] += round(time.monotonic() - begun, 3)
            self._remember(step, remembered)
        if code == 0:
            remembered |= {"state": _DONE, "commit": self._commit}
            remembered["finished"] = time.time()
            self._remember(step, remembered)
        if signum:
            raise Stopped(signum)
        if code:
            raise UserError(self._failure(step, code))

    def _remembered(self, step: Step) -> dict[str, Any]:
        file = self._folder / "steps" / f"{step.name}.json"
        if not file.exists():
            return {
                **{"name": step.name, "command": step.shown(), "commit": self._commit},
                **{"seconds": 0.0, "state": None, "finished": 0.0},
                "arguments": list(step.arguments),
            }
        try:
            found = json.loads(file.read_text("utf-8"))
            same = found["arguments"] == list(step.arguments)
        except (ValueError, LookupError, TypeError) as error:
            raise UserError(
                f"{file} is damaged; delete it and {step.output}"
            ) from error
        if not same:
            raise UserError(
                f"{step.output} was made by another command, {found['command']!r}; "
                "give the same files, or name another --output"
            )
        return found

    def _remember(self, step: Step, what: dict[str, Any]) -> None:
        write_text(self._folder / "steps" / f"{step.name}.json", to_json(what))

    def _log(self, step: Step) -> pathlib.Path:
        return self._folder / "logs" / f"{step.name}.log"

    def _call(self, step: Step) -> tuple[int, int | None]:
        """The exit status of a step, and the signal that came, if one did.

        What the step prints is shown and written to its log.
        """
        with open(self._log(step), "a", encoding="utf-8") as log:
            log.write(f"$ {step.shown()}\n")
            log.flush()
            with _Forwarded() as signals:
                process = signals.start(step.argv())
                for line in process.stdout:
                    sys.stdout.write(line)
                    log.write(line)
                    sys.stdout.flush()
                    log.flush()
                code = process.wait()
        return code, signals.received

    def _failure(self, step: Step, code: int) -> str:
        log = self._log(step)
        lines = log.read_text("utf-8").strip().splitlines()
        last = lines[-1].removeprefix("error: ")
        how = f"failed with status {code}" if code > 0 else f"was killed by {-code}"
        return (
            f"the step {step.name} {how} ({last}): see its log {log}, mend what it "
            "tells, and run the same command again, which goes on from there"
        )


class _Forwarded:
    """While open, hands SIGINT and SIGTERM on to a process, once each.

    It is in a group of its own, for a terminal sends Ctrl-C to the whole group of this
    one, and a second has training end without saving.

    Attributes:
      received: the last signal's number, or None.
    """

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self):
        self.received: int | None = None
        self._process: subprocess.Popen | None = None

    def __enter__(self):
        self._previous = [signal.signal(s, self._forward) for s in self._SIGNALS]
        return self

    def start(self, argv: Sequence[str]) -> subprocess.Popen:
        """Starts the process; its output and errors are lines to read."""
        self._process = subprocess.Popen(
            argv,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        )
        if self.received:  # it came before there was a process
            self._forward(self.received, None)
        return self._process

    def _forward(self, signum, frame):
        if not self.received:
            os.write(2, b"\nending what runs, which may have something to save\n")
        self.received = signum
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signum)

    def __exit__(self, *exception):
        for signum, handler in zip(self._SIGNALS, self._previous, strict=True):
            signal.signal(signum, handler)
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.communicate()  # so that it does not wait for a reader


def commit() -> str | None:
    """Of the code, with a + if it has been changed since; None if it is not known."""

    def git(*arguments: str) -> str | None:
        command = ["git", "-C", str(_LIBRARY), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except OSError:  # there is no git
            return None
        return None if done.returncode else done.stdout.strip()

    if git("ls-files", "--error-unmatch", "errors.py") is None:
        return None  # installed, perhaps within a repository of something else
    changed = "+" if git("status", "--porcelain", "--untracked-files=no") else ""
    return f"{git('rev-parse', '--short', 'HEAD')}{changed}"


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.remove(path)
