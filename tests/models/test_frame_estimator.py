import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.pytorch import pytorch_inputs as inputs
from tests.pytorch.pytorch_values import from_pytorch
from vaegan_jax.models.frame_estimator import (
    FrameEstimator,
    _begin,
    _ends,
    hull_ends,
)
from vaegan_jax.shapes.cameras import ViewCamera, numbers_of
from vaegan_jax.shapes.frames import estimate

CUBE = 0.52  # half of its side


def ball(radius: float, camera: ViewCamera, size: int = 64) -> np.ndarray:
    """The picture of a ball at the origin: a disc whose edge is a pixel wide."""
    half = np.tan(np.deg2rad(camera.field_of_view_degrees) / 2)
    seen = np.tan(np.arcsin(radius / camera.distance)) / (2 * half) * size
    along = np.arange(size) + 0.5 - size / 2
    beyond = np.hypot(*np.meshgrid(along, along)) - seen
    return np.uint8(255 * np.clip(beyond + 0.5, 0, 1))[..., None]


def ring(elevation: float, count: int = 12) -> list[ViewCamera]:
    turns = np.linspace(0, 360, count, endpoint=False)
    return [ViewCamera(turn, elevation, 2.6, 24.5) for turn in turns]


def made_hull(cameras, radius=0.3, seen=None):
    views = np.stack([ball(radius, camera) for camera in cameras])[None]
    seen = np.ones(len(cameras), bool) if seen is None else np.asarray(seen)
    numbers = np.float32(numbers_of(cameras))[None]
    return np.asarray(jax.jit(hull_ends)(views, numbers, seen[None]))[0]


def test_profiles_begin_between_cells():
    profiles = jnp.asarray([[0, 0, 0.5, 1], [0.1, 0.3, 0, 0], [1, 1, 1, 1], [0] * 4])
    begins = _begin(jnp.asarray(profiles, jnp.float32), 0.25)
    # Half way from the second middle to the third; three quarters of the way; before
    # the first middle by three quarters of a cell, but not outside; nowhere.
    np.testing.assert_allclose(begins, [2 / 4, (0.5 + 0.75) / 4, 0, 0.5 / 4], rtol=1e-5)


def test_ends_are_those_along_each_axis():
    grid = np.zeros((1, 8, 8, 8), np.float32)
    grid[0, 2:4, 1:7, :5] = 1
    half_way = _ends(jnp.asarray(grid), (0.5,))[0, :, 0] * 8
    np.testing.assert_allclose(half_way, [(2, 4), (1, 7), (0, 5)], atol=1e-5)


@pytest.mark.parametrize("radius", [0.2, 0.3, 0.4])
def test_the_hull_of_a_ball_ends_where_it_does(radius):
    """Rays at eye level that touch a ball pass an axis a little beyond it."""
    ends = made_hull(ring(0.0, 24), radius)
    end = radius / np.sqrt(1 - (radius / 2.6) ** 2)
    of_most_ink = ends[:, -1]
    np.testing.assert_allclose(of_most_ink, [(-end, end)] * 3, atol=0.008)


def test_views_in_any_order_count_and_others_do_not():
    cameras = ring(30.0)
    all_of_them = made_hull(cameras)
    np.testing.assert_array_equal(made_hull(cameras[::-1]), all_of_them)
    some = made_hull(cameras, seen=[True] * 3 + [False] * 9)
    np.testing.assert_array_equal(some, made_hull(cameras[:3]))
    assert (
        some[..., 1] - some[..., 0] > all_of_them[..., 1] - all_of_them[..., 0]
    ).any()


def test_without_views_the_hull_is_the_cube():
    ends = made_hull(ring(30.0), seen=[False] * 12)
    np.testing.assert_allclose(ends, np.tile([-CUBE, CUBE], (3, 3, 1)), atol=1e-6)


@pytest.mark.parametrize("size", inputs.PICTURE_SIZES)
def test_ends_equal_pytorch(size):
    given = inputs.pictures(size)
    seen = np.ones(given["cameras"].shape[:2], bool)
    ends = jax.jit(hull_ends)(given["views"], given["cameras"], seen)
    expected = from_pytorch(f"hull/{size}", given)["ends"]
    np.testing.assert_allclose(ends, expected, atol=1e-5)


def test_frames_equal_pytorch():
    module, given = inputs.frame_estimator()
    occupancies = jax.nn.sigmoid(given["logits"][..., 0])
    scales, middles = module.apply(
        given["variables"], given["hull"], given["summary"], occupancies
    )
    expected = from_pytorch("frame", given)
    np.testing.assert_allclose(scales, expected["scales"], atol=1e-5)
    np.testing.assert_allclose(middles, expected["middles"], atol=1e-5)


def test_it_begins_with_the_scale_of_the_generators_grid():
    grids = np.zeros((2, 32, 32, 32), np.float32)
    grids[0, 8:24, 10:20, :] = 1
    grids[1, :, 1:31, 4:28] = 0.9
    hull, summary = jnp.zeros((2, 3, 3, 2)), jnp.zeros((2, 9))
    module = FrameEstimator()
    variables = module.init(jax.random.key(0), hull, summary, jnp.asarray(grids))
    scales, middles = module.apply(variables, hull, summary, jnp.asarray(grids))
    expected, _ = estimate(grids > 0.4)
    np.testing.assert_allclose(scales, expected, rtol=0.03)
    np.testing.assert_array_equal(middles, 0.5)
    scales, _ = module.apply(variables, hull, summary, jnp.zeros_like(grids))
    assert np.isfinite(scales).all()
