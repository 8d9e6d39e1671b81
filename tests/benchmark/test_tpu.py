"""Every training step compiles for TPUs, ahead of time and without one."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.helpers import ALGORITHMS, ROOT
from vaegan_jax.benchmark import tpu
from vaegan_jax.errors import UserError

TOPOLOGIES = ("v5e:1x1", "v5e:2x2", "v5e:16x16")
libtpu_missing = importlib.util.find_spec("libtpu") is None


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(
    libtpu_missing, reason="libtpu is not installed: pip install -e '.[tpu]'"
)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize(
    "algorithm, refiner",
    [*((algorithm, "none") for algorithm in ALGORITHMS), ("mv_vae_gan", "unet")],
)
def test_the_step_compiles_and_fits(algorithm, refiner, topology, dtype, tmp_path):
    command = [sys.executable, "scripts/benchmark.py", "tpu", f"--models={algorithm}"]
    command += [f"--topologies={topology}", f"--precision={dtype}"]
    command += [f"--refiner={refiner}"]
    # The flags of the tests are those of the CPU's compiler.
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    result = subprocess.run(
        [*command, f"--output={tmp_path}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    (row,) = json.loads((tmp_path / "tpu.json").read_text())["rows"]
    assert row["fits"], row
    # Chips exchange sums and gradients, never activations.
    assert row["of it activations MB"] == 0, row
    assert (row["collectives"] > 0) == (row["chips"] > 1), row


@pytest.mark.skipif(not libtpu_missing, reason="libtpu is installed")
def test_without_libtpu_the_remedy_is_told():
    with pytest.raises(UserError, match=r"pip install -e '\.\[tpu\]'"):
        tpu.chips("v5e:1x1")


def row(chips: int, sent: float, collectives: int) -> dict:
    return {
        "chips": chips,
        "sent MB": sent,
        "collectives": collectives,
        "expected ms": 4.0,
    }


def test_one_chip_waits_for_nobody():
    assert tpu.efficiency(row(1, 0.0, 0)) == 1


def test_sending_and_waiting_take_their_share():
    # 100 MB twice over 200 GB/s are 1 ms, of which four chips' ring takes 3/4.
    assert tpu.efficiency(row(4, 100.0, 0)) == pytest.approx(4 / 4.75)
    # 16 chips are 4 × 4: 3 hops there and 3 back, for 500 collectives 3 ms.
    assert tpu.efficiency(row(16, 0.0, 500)) == pytest.approx(4 / 7)
