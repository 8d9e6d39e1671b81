"""Real processes on this machine that train together, as those of a cluster do."""

import re
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.helpers import ROOT, TINY_FLAGS, make_examples, write_packed
from vaegan_jax.distributed import multihost
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.trainer.reporting import Silence

SMALL = [
    *TINY_FLAGS,
    "--config.train.batch_size=8",
    "--config.train.log_every_steps=1",
]
# An evaluation in the last step only.
SELDOM = [
    "--config.train.evaluate_every_epochs=10000.",
    "--config.train.pictures_every_epochs=10000.",
]

REFINED = ["--config.model.refiner=unet", "--config.model.refiner_widths=(4,6)"]
REFINED += ["--config.augmentation.latent_mix=0.5"]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("data") / "data.npz"
    examples = make_examples(count=10, num_views=12)
    splits = ("train", "validation")
    write_packed(path, examples, splits, camera=Camera().to_dict())
    return str(path)


class Cluster:
    """Processes of one training run; ended with the block."""

    def __init__(self, count, config, data, workdir, *options):
        self.workdir = workdir
        self.outputs = [workdir.with_suffix(f".{i}.out") for i in range(count)]
        with socket.socket() as free:
            free.bind(("localhost", 0))
            address = f"localhost:{free.getsockname()[1]}"
        self.processes = []
        for i, output in enumerate(self.outputs):
            flags = [f"--coordinator_address={address}", f"--num_processes={count}"]
            flags += [f"--process_id={i}"]
            with output.open("w") as stream:
                command = [sys.executable, "scripts/train.py"]
                command += [f"--config=configs/{config}.py", f"--workdir={workdir}"]
                command += [f"--config.data.dir={data}", *SMALL, *options]
                self.processes.append(
                    subprocess.Popen(
                        command + (flags if count > 1 else []),
                        cwd=ROOT,
                        stdout=stream,
                        stderr=subprocess.STDOUT,
                    )
                )

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for process in self.processes:
            process.kill()
            process.wait()

    def wait(self, seconds=900) -> list[int]:
        """The exit statuses."""
        end = time.monotonic() + seconds
        return [p.wait(max(1, end - time.monotonic())) for p in self.processes]

    def log(self) -> str:
        log = self.workdir / "train.log"
        return log.read_text() if log.exists() else ""

    def reach(self, text: str) -> None:
        """Returns once the log contains a text."""
        end = time.monotonic() + 900
        while text not in self.log():
            running = all(process.poll() is None for process in self.processes)
            assert running and time.monotonic() < end, self.said()
            time.sleep(0.05)

    def said(self) -> list[str]:
        """What each process printed."""
        return [output.read_text() for output in self.outputs]


def losses(log: str) -> list[tuple[str, str]]:
    return re.findall(r"step (\d+)/\d+ (epoch .*?) [\d.]+ steps/s", log)


def trained(count, config, data, workdir, *options) -> Cluster:
    with Cluster(count, config, data, workdir, *options) as run:
        assert run.wait() == [0] * count, run.said()
    return run


def check_equal(together: Cluster, alone: Cluster) -> None:
    """What the runs logged is the same up to rounding, and only the first tells."""
    ours, theirs = (
        losses(run.log()) + re.findall("held_out: .*", run.log())
        for run in (together, alone)
    )
    number = r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?"
    text = [[re.sub(number, "", str(line)) for line in run] for run in (ours, theirs)]
    assert text[0] == text[1]
    values = [
        [float(x.replace(",", "")) for x in re.findall(number, str(run))]
        for run in (ours, theirs)
    ]
    # Sums over shares round differently, and Adam passes that on from step to step.
    np.testing.assert_allclose(*values, rtol=0.01, atol=0.005)
    assert "held_out: " in str(theirs)
    for output in together.said()[1:]:
        assert "step" not in output and "error" not in output


def lose_one(run: Cluster) -> None:
    """Kills the second process; the first ends soon, and says why."""
    run.processes[1].kill()
    assert run.processes[0].wait(60) == 1, run.said()
    (line,) = (x for x in run.said()[0].splitlines() if x.startswith("error: "))
    assert "another one has ended" in line and "start the same command" in line


@pytest.mark.slow
def test_a_lost_process_ends_the_other_and_both_go_on_as_one_would(data, tmp_path):
    def arguments(name, steps):
        options = (f"--config.train.num_steps={steps}", *SELDOM)
        return (
            "gan",
            data,
            tmp_path / name,
            "--config.checkpoint.every_steps=5",
            *options,
        )

    with Cluster(2, *arguments("run", 100000)) as run:
        run.reach("step 7/")
        lose_one(run)
    complete = (tmp_path / "run/checkpoints").glob("*[05]")
    saved = max(int(path.name) for path in complete)
    assert saved >= 5 and saved % 5 == 0
    together = trained(2, *arguments("run", saved + 2))
    assert f"resuming gan in {tmp_path}/run at step {saved} of" in together.log()
    alone = trained(1, *arguments("alone", saved + 2))
    assert len(losses(alone.log())) == saved + 2
    check_equal(together, alone)
    assert (tmp_path / f"run/images/samples_{saved + 2:06d}.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "config, refined",
    [("gan", ()), ("vae_gan", ()), ("mv_vae_gan", ()), ("vae_gan", REFINED)],
    ids=["gan", "vae_gan", "mv_vae_gan", "refiner"],
)
def test_four_processes_train_as_one_does(data, tmp_path, config, refined):
    # Each of four reads its rows from the file; of the others, from its memory.
    there = f"--config.data.in_memory={config != 'vae_gan'}"
    options = ("--config.train.num_steps=4", there, *refined)
    runs = [trained(n, config, data, tmp_path / str(n), *options) for n in (1, 4)]
    check_equal(runs[1], runs[0])
    for name in ("framing.npz", "latents.npz"):
        left = [(run.workdir / name).exists() for run in runs]
        assert left == [config != "gan"] * 2


@pytest.mark.slow
def test_a_signal_to_one_process_stops_all_before_the_same_step(data, tmp_path):
    steps = "--config.train.num_steps=100000"
    arguments = ("gan", data, tmp_path / "run", steps, *SELDOM)
    with Cluster(2, *arguments) as run:
        run.reach("step 5/")
        run.processes[1].send_signal(signal.SIGTERM)
        assert run.wait(120) == [128 + signal.SIGTERM] * 2, run.said()
        stopped = re.search(r"by a signal; saved step (\d+) of", run.said()[0])
    with Cluster(2, *arguments) as run:
        run.reach(f"resuming gan in {tmp_path}/run at step {stopped[1]} of")
        run.reach(f"step {int(stopped[1]) + 2}/")


@pytest.mark.slow
def test_other_data_on_one_host_is_told(data, tmp_path):
    path = tmp_path / "data.npz"
    examples = make_examples(count=10, num_views=12, seed=1)
    write_packed(path, examples, ("train", "validation"))
    with Cluster(2, "gan", data, tmp_path / "run") as run:
        run.processes[1].kill()
        command = [*run.processes[1].args, f"--config.data.dir={path}"]
        other = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert other.returncode == 1
        assert "holds a run on other data" in other.stderr
        assert run.processes[0].wait(60) == 1


def test_a_work_directory_that_other_hosts_do_not_see_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(multihost, "_SEEN_AFTER", 0)
    with pytest.raises(UserError, match="a file system that all hosts share"):
        multihost.wait_for(tmp_path / "data.json")
    multihost.wait_for(tmp_path)


def test_a_single_process_asks_nobody():
    assert multihost.from_first(lambda: 0.1) == 0.1
    assert multihost.from_first(lambda: None) is None
    assert multihost.first_before_others(lambda: "made") == "made"


def test_further_processes_report_nothing(capsys):
    silence = Silence()
    silence.scalars(1, {"loss": 1.0})
    silence.close()
    assert capsys.readouterr() == ("", "")
    with pytest.raises(AttributeError):
        silence.scalers(1, {})
