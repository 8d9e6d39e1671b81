"""How well cameras are told, against cameras that are known."""

import dataclasses
import json

import numpy as np
import pytest

from tests.helpers import make_examples, untrained, write_packed
from tests.preloaded import run
from tests.using import make_workdir
from vaegan_jax.data.packed_source import write
from vaegan_jax.errors import UserError
from vaegan_jax.evaluate import camera_protocol
from vaegan_jax.evaluate.camera_protocol import (
    ALONE,
    COMPARED,
    CameraRow,
    format_cameras,
    measure_cameras,
)
from vaegan_jax.evaluate.subject import Options
from vaegan_jax.inference import camera_looks
from vaegan_jax.inference.camera_estimates import CameraEstimate
from vaegan_jax.shapes.cameras import ViewCamera, numbers_of
from vaegan_jax.shapes.random_cameras import RandomCameras

TELLING = {"model.azimuths": 6, "model.azimuth_heads": False}


def seen_from_anywhere(count, num_views=3):
    draw = RandomCameras("random", num_views).views
    cameras = [numbers_of(draw(np.random.default_rng(i))) for i in range(count)]
    examples = make_examples(count, num_views)
    return dataclasses.replace(examples, cameras=np.float32(cameras))


def off_by(numbers):
    """A camera beside the true one: azimuth and elevation in degrees, and distance."""

    def told(camera):
        a, e, d, f = camera.tolist()
        return ViewCamera(a + numbers[0], e + numbers[1], d * numbers[2], f)

    return told


def test_errors_are_angles_between_directions(monkeypatch):
    examples = seen_from_anywhere(4)
    examples.cameras[..., 1] = 0.0
    examples.cameras[..., 3] = 30.0
    beside = off_by((40.0, 0.0, 1.1))
    known = {view.tobytes(): beside(camera) for view, camera in _each(examples)}

    class Told:
        told = True

        def __init__(self, views, shape, posterior):
            assert shape.shape == (8, 8, 8) and len(posterior.mean) == len(views)
            self.cameras = [known[view.tobytes()] for view in views]

        def alone(self, view):
            return dataclasses.replace(self.cameras[view], elevation_degrees=60.0)

        def estimate_all(self, known, moved, ring):
            assert np.isnan(known).all() and not any(moved) and not ring
            assert len(known) == len(moved) == len(self.cameras)
            return [CameraEstimate(camera, 0.5) for camera in self.cameras]

    for module in (camera_protocol, camera_looks):
        monkeypatch.setattr(module, "CameraEstimator", Told)
    rows = measure_cameras(untrained("mv_vae_gan", **TELLING), examples)
    assert [(row.way, row.views) for row in rows] == [
        (way, n) for n in (1, 3) for way in (ALONE, COMPARED)
    ]
    for row in rows:
        assert len(row.angles) == 4 * row.views
        # Along a meridian 60° up, 40° of azimuth: cos = cos 60° · cos 40°.
        expected = np.rad2deg(np.arccos(0.5 * np.cos(np.deg2rad(40))))
        expected = 40.0 if row.way == COMPARED else expected
        np.testing.assert_allclose(row.angles, expected, atol=0.1)
        np.testing.assert_allclose(row.azimuths, 40, atol=0.01)
        np.testing.assert_allclose(row.distances, 0.1, atol=1e-5)


def _each(examples):
    for views, cameras in zip(examples.views, examples.cameras, strict=True):
        yield from zip(views, np.float64(cameras), strict=True)


@pytest.mark.parametrize("elevation", [0.0, 30.0, 50.0])
def test_views_that_are_turned_round_count_from_any_height(elevation):
    truth = np.array([[[10.0, elevation, 2.6, 24.5]] * 2])
    turned = [[ViewCamera(190.0, elevation), ViewCamera(10.0, elevation)]]
    row = camera_protocol._row(ALONE, 2, turned, truth)
    assert row.summary()["turned_round"] == 0.5


def test_the_report_by_hand():
    angles = np.array([1.0, 3.0, 17.0, 170.0])
    row = CameraRow(ALONE, 3, angles, angles[::-1], angles / 10, angles / 100)
    about = {"algorithm": "mv_vae_gan", "step": 7, "workdir": "w", "shapes": 2}
    about |= {"split": "test", "data": "d", "without_cameras": 1}
    text = format_cameras([row], about)
    assert "| E alone | 3 | 10.0° | 50.0% | 25.0% | 1.0° | 10.0% |" in text
    assert "2 shapes of test in d, without 1 whose cameras are not known." in text


def test_the_command_writes_a_report(tmp_path):
    workdir = make_workdir(tmp_path / "run", "mv_vae_gan", **TELLING)
    data, examples = tmp_path / "data.npz", seen_from_anywhere(3)
    examples.cameras[1, 2] = np.nan
    write(data, {"train": examples, "validation": examples}, {})
    arguments = "scripts/evaluate.py", f"--workdir={workdir}", "--protocol=cameras"
    made = run(*arguments, f"--data_dir={data}")
    assert made.returncode == 0, made.stderr
    numbers = json.loads((tmp_path / "run/evaluation/cameras.json").read_text())
    assert numbers["about"]["shapes"] == 2 and numbers["about"]["without_cameras"] == 1
    assert [row["views"] for row in numbers["rows"]] == [1, 1, 3, 3]
    assert "| E alone | 1 |" in made.stdout
    without = tmp_path / "without.npz"
    write_packed(without, make_examples(3), ("train", "validation"))
    with pytest.raises(UserError, match="does not tell from where its views are"):
        camera_protocol.evaluate_cameras(workdir, Options(data_dir=str(without)))


def test_a_plain_gan_tells_no_cameras(tmp_path):
    workdir = make_workdir(tmp_path / "run", "gan")
    with pytest.raises(UserError, match="has no encoder"):
        camera_protocol.evaluate_cameras(workdir, Options())
