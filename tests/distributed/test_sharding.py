import os
import pathlib
import subprocess
import sys

import jax
import numpy as np
import pytest

from tests.helpers import ALGORITHMS, ROOT
from vaegan_jax.distributed import sharding
from vaegan_jax.errors import UserError


def run_trials(folder, *trials):
    """Losses, gradients, statistics, messages, shares, checkpoints; see the program."""
    program = pathlib.Path(__file__).with_name("several_devices.py")
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    result = subprocess.run(
        [sys.executable, program, folder, *trials],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-4000:]
    counts = sum(trial.count(",") + 1 for trial in trials)
    assert result.stdout.count("devices do as one") == counts


# Every step and every convolution once; the other pairs by hand.
PAIRS = {"gan:plain", "vae_gan:gather", "mv_vae_gan:winograd", "azimuths:plain"}
PAIRS |= {"refiner:gather"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "algorithm, convolution",
    [
        pytest.param(a, c, marks=[] if f"{a}:{c}" in PAIRS else pytest.mark.long)
        for a in (*ALGORITHMS, "azimuths", "refiner")
        for c in ("gather", "winograd", "plain")
    ],
)
def test_steps_on_several_devices_are_those_on_one(tmp_path, algorithm, convolution):
    run_trials(tmp_path, f"{algorithm}:{convolution}:2,8")


@pytest.mark.parametrize(
    "batch_size, devices, nearest",
    [(30, 8, "24 or 32"), (3, 8, "8"), (33, 2, "32 or 34")],
)
def test_a_batch_that_devices_cannot_share_is_refused(batch_size, devices, nearest):
    with pytest.raises(UserError, match=rf"{devices} devices cannot .*: {nearest}$"):
        sharding.check_batch_size(batch_size, devices)


def test_batches_that_devices_can_share_pass():
    for batch_size, devices in ((32, 1), (32, 8), (8, 8)):
        sharding.check_batch_size(batch_size, devices)


def test_a_single_process_reads_all_rows_and_places_them():
    mesh = sharding.device_mesh()
    assert sharding.process_rows(6, mesh) == slice(0, 6)
    values = np.arange(12.0, dtype=np.float32).reshape(6, 2)
    placed = sharding.place({"x": values}, sharding.by_batch(mesh))["x"]
    assert placed.sharding.is_equivalent_to(sharding.by_batch(mesh), 2)
    np.testing.assert_array_equal(placed, values)
    whole = sharding.place(values, sharding.on_all(mesh))
    copy = sharding.local_copy({"x": whole})["x"]
    assert copy.devices() == {jax.local_devices()[0]}
    np.testing.assert_array_equal(copy, values)
