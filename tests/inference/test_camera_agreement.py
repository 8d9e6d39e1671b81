import numpy as np
import pytest

from vaegan_jax.inference.camera_agreement import agreed
from vaegan_jax.shapes.cameras import numbers_of
from vaegan_jax.shapes.random_cameras import RandomCameras


def sizes(cameras):
    """Of what the cameras see, in their pictures."""
    half = np.tan(np.deg2rad(cameras[:, 3]) / 2)
    return 1 / (cameras[:, 2] * half)


def cameras_of(elevations, distances, fields):
    azimuths = 70.0 * np.arange(len(elevations)) % 360
    return np.stack([azimuths, elevations, distances, fields], 1)


def test_what_lies_as_far_apart_as_errors_becomes_the_median():
    cameras = cameras_of(
        [27.0, 30, 31, 36, 22], [2.6] * 5, [24.5, 24.6, 24.4, 24.3, 24.7]
    )
    made = agreed(cameras)
    np.testing.assert_array_equal(made[:, 0], cameras[:, 0])
    np.testing.assert_allclose(made[:, 1], 30)
    np.testing.assert_allclose(made[:, 2], 2.6)
    np.testing.assert_allclose(sizes(made), np.median(sizes(cameras)))


def test_what_lies_much_further_apart_stays():
    cameras = RandomCameras("random", 12).views(np.random.default_rng(0))
    cameras = numbers_of(cameras)
    cameras[:, 3] *= np.linspace(0.8, 1.2, 12)
    np.testing.assert_allclose(agreed(cameras), cameras)


def test_each_number_is_by_itself_and_a_size_stays_where_distances_change():
    """Of one distance by errors, seen with other lenses, at sizes of their own."""
    cameras = cameras_of([10.0, 30, 50], [2.5, 2.6, 2.8], [15.0, 25.0, 35.0])
    made = agreed(cameras)
    np.testing.assert_allclose(made[:, 1], cameras[:, 1])
    np.testing.assert_allclose(made[:, 2], 2.6)
    np.testing.assert_allclose(sizes(made), sizes(cameras))


def test_between_they_go_a_part_of_the_way():
    """A variance of 54 = 1.5 × 6²: half of the way."""
    off = np.sqrt(54.0)
    made = agreed(cameras_of([30 - off, 30, 30 + off], [2.0] * 3, [30.0] * 3))
    np.testing.assert_allclose(made[:, 1], [30 - off / 2, 30, 30 + off / 2])


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_stay(count):
    cameras = cameras_of([30.0], [2.6], [24.5])[:count]
    np.testing.assert_array_equal(agreed(cameras), cameras)
