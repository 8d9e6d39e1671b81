"""Steps run once, go on where they were stopped, and say what fails."""

import dataclasses
import json
import os
import pathlib
import signal
import sys
import threading
import time

import pytest

from vaegan_jax.errors import UserError
from vaegan_jax.reproduction import running
from vaegan_jax.reproduction.commands import Step


@dataclasses.dataclass(frozen=True)
class Script(Step):
    """A step that is a line of Python, its only argument."""

    def argv(self):
        return [sys.executable, "-c", *self.arguments]


WRITES = "import sys; print('hello'); open({!r}, 'a').write('x')"


def step(folder, code=WRITES, resumes=False, name="make_it"):
    output = str(folder / name)
    return Script(name, "train", (code.format(output),), output, resumes)


@pytest.fixture
def runner(tmp_path):
    return running.Runner(tmp_path / "reproduced")


def test_a_step_runs_once_and_is_remembered(runner, tmp_path, capfd):
    first = runner.run(step(tmp_path))
    again = running.Runner(tmp_path / "reproduced").run(step(tmp_path))
    assert first == again and first["seconds"] > 0 and first["state"] == "done"
    assert (tmp_path / "make_it").read_text() == "x"
    told = capfd.readouterr().out.splitlines()
    assert [line[:2] for line in told] == ["$ ", "he", "# "]
    log = (tmp_path / "reproduced" / "logs" / "make_it.log").read_text()
    assert log.startswith("$ ") and log.endswith("\nhello\n")
    (tmp_path / "make_it").unlink()  # what is gone is made again
    runner.run(step(tmp_path))
    assert (tmp_path / "make_it").read_text() == "x"


def test_what_reads_what_was_made_anew_is_made_anew(runner, tmp_path):
    """Also if it was stopped between the two."""
    first = step(tmp_path, name="first")
    reads = f"--data={first.output}"
    second = step(tmp_path, name="second")
    second = dataclasses.replace(second, arguments=(*second.arguments, reads))
    for one in (first, second):
        runner.run(one)
    pathlib.Path(first.output).unlink()
    running.Runner(tmp_path / "reproduced").run(first)
    third = running.Runner(tmp_path / "reproduced")
    before = json.loads((tmp_path / "reproduced/steps/second.json").read_text())
    third.run(first)
    after = third.run(second)
    assert after["finished"] > before["finished"]
    assert after == third.run(second)


@pytest.mark.parametrize(("resumes", "left"), [(False, "x"), (True, "half x")])
def test_half_made_data_are_made_again_and_training_goes_on(
    runner, tmp_path, resumes, left
):
    one = step(tmp_path, resumes=resumes)
    runner.run(one)
    remembered = tmp_path / "reproduced" / "steps" / "make_it.json"
    remembered.write_text(remembered.read_text().replace('"done"', '"begun"'))
    pathlib.Path(one.output).write_text("half ")
    runner.run(one)
    assert pathlib.Path(one.output).read_text() == left


def test_a_failure_names_the_step_its_log_and_the_remedy(runner, tmp_path):
    fails = step(tmp_path, "import sys; sys.exit('error: no chairs there')")
    with pytest.raises(UserError) as raised:
        runner.run(fails)
    log = tmp_path / "reproduced" / "logs" / "make_it.log"
    assert str(raised.value) == (
        f"the step make_it failed with status 1 (no chairs there): see its log {log}, "
        "mend what it tells, and run the same command again, which goes on from there"
    )
    killed = step(tmp_path, "import os; os.kill(os.getpid(), 9)", name="other")
    with pytest.raises(UserError, match="the step other was killed by 9"):
        runner.run(killed)


def test_what_others_made_and_other_commands_are_refused(runner, tmp_path):
    (tmp_path / "make_it").write_text("mine")
    with pytest.raises(UserError, match="was not made by this command"):
        runner.run(step(tmp_path))
    assert (tmp_path / "make_it").read_text() == "mine"
    (tmp_path / "make_it").unlink()
    runner.run(step(tmp_path))
    with pytest.raises(UserError, match="make_it was made by another command"):
        runner.run(step(tmp_path, "pass"))


_SAVES = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("saved", flush=True)
    sys.exit(130)
"""


def test_a_signal_is_handed_on_and_waited_for(runner, tmp_path):
    log = tmp_path / "reproduced" / "logs" / "make_it.log"

    def interrupt():
        while not log.exists() or not log.read_text().endswith("\nready\n"):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(running.Stopped) as stopped:
        runner.run(step(tmp_path, _SAVES, resumes=True))
    thread.join()
    assert stopped.value.signum == signal.SIGINT
    assert log.read_text().endswith("ready\nsaved\n")
    assert signal.getsignal(signal.SIGINT) is before
    remembered = json.loads((log.parents[1] / "steps" / "make_it.json").read_text())
    assert remembered["state"] == "begun" and remembered["seconds"] > 0


_TALKS = """
import signal, sys, time
def end(*_):
    print("x" * 2**20, flush=True)  # more than a pipe holds
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(60)
"""


def test_what_nobody_listens_to_any_more_can_end():
    with pytest.raises(BrokenPipeError), running._Forwarded() as signals:
        process = signals.start([sys.executable, "-c", _TALKS])
        assert process.stdout.readline() == "ready\n"
        raise BrokenPipeError  # of our own output
    assert process.returncode == 0


def test_the_commit_is_that_of_this_checkout():
    found = running.commit()
    if found is None:
        pytest.skip("this is no checkout of git")
    assert 7 <= len(found.removesuffix("+")) <= 40
