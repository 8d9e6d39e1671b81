"""How often cameras are looked for, and by which shapes."""

import numpy as np
import pytest

from vaegan_jax.inference import camera_looks
from vaegan_jax.inference.camera_estimates import CameraEstimate
from vaegan_jax.inference.camera_looks import find_cameras
from vaegan_jax.models.encoder import Posterior
from vaegan_jax.shapes.cameras import ViewCamera

UNKNOWN = np.full((2, 4), np.nan)
KNOWN = np.array([[10.0, 20, 2, 30], [50.0, 20, 2, 30]])


@pytest.fixture
def looks(monkeypatch):
    """What is asked of estimators; each tells the mean of its shape as azimuth."""
    asked = []

    class Estimator:
        def __init__(self, views, shape, told):
            self.azimuth = float(shape.mean())

        def estimate_all(self, *given):
            asked.append((self.azimuth, *given))
            of_view = ViewCamera(self.azimuth, 45.0)
            return [CameraEstimate(ViewCamera(self.azimuth), 1.0, of_view=of_view)] * 2

    monkeypatch.setattr(camera_looks, "CameraEstimator", Estimator)
    return asked


def refine(cameras):
    """Of the cameras of views, not of their pictures."""
    np.testing.assert_array_equal(cameras[:, 1], 45)
    return np.full((8, 8, 8), cameras[:, 0].mean() + 1)


@pytest.mark.parametrize(
    "known, moved, refine, count",
    [
        (UNKNOWN, [False, False], refine, 2),
        (np.where([[True], [False]], KNOWN, UNKNOWN), [False, False], refine, 2),
        (KNOWN, [False, True], refine, 2),
        (KNOWN, [False, False], refine, 1),
        (UNKNOWN, [False, False], None, 1),
    ],
)
@pytest.mark.parametrize("ring", [False, True])
def test_refined_shapes_are_looked_at_again(looks, known, moved, refine, count, ring):
    shape, views = np.full((8, 8, 8), 3.0), np.zeros((2, 8, 8, 1), np.uint8)
    told = Posterior(*np.zeros((2, 2, 4), np.float32))
    found = find_cameras(views, told, shape, refine, known, moved, ring)
    assert [look[0] for look in looks] == [3.0, 4.0][:count]
    for _, *given in looks:
        assert given[0] is known and given[1:] == [moved, ring]
    assert found[0].camera.azimuth_degrees == looks[-1][0]
