import jax.numpy as jnp
import numpy as np
import pytest

from vaegan_jax.models.camera_code import azimuth_shares, camera_numbers, camera_of
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.random_cameras import RandomCameras


@pytest.mark.parametrize("sectors", [3, 12, 24])
def test_in_the_middle_of_a_sector_its_share_is_all(sectors):
    ring = jnp.asarray(Camera(sectors).azimuths(), jnp.float32)
    shares = azimuth_shares(ring, sectors)
    np.testing.assert_allclose(shares, np.eye(sectors), atol=1e-4)


@pytest.mark.parametrize(
    "azimuth, expected",
    [
        (45.0, [0.5, 0.5, 0, 0]),
        (112.5, [0, 0.75, 0.25, 0]),
        (337.5, [0.75, 0, 0, 0.25]),
        (-22.5, [0.75, 0, 0, 0.25]),
        (765.0, [0.5, 0.5, 0, 0]),
    ],
)
def test_between_two_middles_both_have_a_share_by_hand(azimuth, expected):
    shares = azimuth_shares(jnp.array([azimuth]), 4)[0]
    np.testing.assert_allclose(shares, expected, atol=1e-5)


def test_the_rest_of_a_camera_is_found_again():
    cameras = RandomCameras("random", 20).views(np.random.default_rng(0))
    cameras = jnp.asarray(numbers_of(cameras), jnp.float32)
    numbers = camera_numbers(cameras)
    assert abs(numbers).max() < 4 and numbers.std(0).min() > 0.3
    np.testing.assert_allclose(camera_of(cameras[:, 0], numbers), cameras, rtol=1e-4)
    # By hand: at 30° and a distance of 2, of which the tangent of half the lens is 0.3.
    usual = jnp.array([0.0, 30.0, 2.0, 2 * np.rad2deg(np.arctan(0.3))])
    np.testing.assert_allclose(camera_numbers(usual), [1, 0, 0], atol=1e-5)
