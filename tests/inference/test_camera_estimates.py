"""From where views of a known shape were taken."""

import dataclasses

import numpy as np
import pytest
import trimesh

from vaegan_jax.inference.camera_estimates import CameraEstimator
from vaegan_jax.models.camera_code import azimuth_shares, camera_numbers
from vaegan_jax.models.encoder import Posterior
from vaegan_jax.shapes.cameras import Camera, ViewCamera, numbers_of
from vaegan_jax.shapes.random_cameras import RandomCameras
from vaegan_jax.shapes.render import render_from
from vaegan_jax.shapes.silhouettes import Outlines
from vaegan_jax.shapes.voxelize import voxelize


def estimate_cameras(views, grid, told):
    estimator = CameraEstimator(views, np.float32(grid), told)
    return [estimator.estimate(view) for view in range(len(views))]


def _box(low, high):
    low, high = np.array(low), np.array(high)
    return trimesh.creation.box(high - low).apply_translation((low + high) / 2)


# A seat, a back, one arm and three legs, of which one is shorter.
_CHAIR = trimesh.util.concatenate(
    [
        _box((0, 0, 0.40), (0.6, 0.62, 0.48)),
        _box((0, 0.56, 0.48), (0.6, 0.63, 1.0)),
        _box((0, 0.05, 0.6), (0.07, 0.56, 0.66)),
        _box((0, 0, 0), (0.07, 0.07, 0.4)),
        _box((0.53, 0, 0.1), (0.6, 0.07, 0.4)),
        _box((0.3, 0.5, 0), (0.37, 0.57, 0.4)),
    ]
)


@pytest.fixture(scope="module")
def chair():
    return voxelize(_CHAIR, 32)


def silent(count):
    """Of an E that tells no cameras."""
    mean = np.zeros((count, 4), np.float32)
    return Posterior(mean, mean)


def telling(cameras, sectors=24, share=1.0):
    """Of an E that tells these cameras, with a share of its belief."""
    numbers = np.float32(numbers_of(cameras))
    shares = np.asarray(azimuth_shares(numbers[:, 0], sectors))
    shares = share * shares + (1 - share) * np.roll(shares, sectors // 2, 1)
    rest = np.asarray(camera_numbers(numbers))
    told = silent(len(cameras))
    return told._replace(azimuth=np.log(shares + 1e-6), camera=rest)


def angles(found, cameras):
    eyes = [np.stack([c.eye / c.distance for c in each]) for each in (found, cameras)]
    return np.rad2deg(np.arccos(np.clip((eyes[0] * eyes[1]).sum(1), -1, 1)))


def views_of_chair(cameras, size=64):
    return render_from(_CHAIR, cameras, size)[..., None]


@pytest.mark.parametrize("kind", ["random", "r2n2"])
def test_cameras_are_found_by_outlines_alone(chair, kind):
    cameras = RandomCameras(kind, 8).views(np.random.default_rng(1))
    cameras = [dataclasses.replace(c, distance=max(c.distance, 1.5)) for c in cameras]
    found = estimate_cameras(views_of_chair(cameras), chair, silent(8))
    errors = angles([one.camera for one in found], cameras)
    assert np.median(errors) < 6 and errors.max() < 15
    for one in found:
        assert one.overlap > 0.8 and 0.5 <= one.confidence <= 1
        apart = one.camera.azimuth_degrees - one.other.azimuth_degrees
        assert abs((apart + 180) % 360 - 180) >= 60


def test_cameras_of_real_views_are_found(real_chairs):
    for grid, views in real_chairs[:3]:
        found = estimate_cameras(views[..., None], grid, silent(12))
        errors = angles([one.camera for one in found], Camera().views())
        assert np.median(errors) < 6


@pytest.mark.parametrize("size", [16, 200])
def test_views_of_any_size(chair, size):
    ring = Camera(num_views=4).views()
    found = estimate_cameras(views_of_chair(ring, size), chair, silent(4))
    assert angles([one.camera for one in found], ring).max() < 12


def test_what_e_tells_decides_where_outlines_do_not():
    """A cube without a front: by its outline, four cameras are alike."""
    mesh = trimesh.creation.box((1, 1, 1))
    cube = voxelize(mesh, 32)
    cameras = [ViewCamera(azimuth, 25.0) for azimuth in (20.0, 110.0, 200.0, 290.0)]
    views = render_from(mesh, cameras, 64)[..., None]
    sure = estimate_cameras(views, cube, telling(cameras, share=0.95))
    assert angles([one.camera for one in sure], cameras).max() < 5
    assert min(one.confidence for one in sure) > 0.9
    # The other hypothesis is what E holds for less likely: half a turn away.
    assert angles([one.other for one in sure], cameras).min() > 120
    doubtful = estimate_cameras(views, cube, telling(cameras, share=0.5))
    assert max(one.confidence for one in doubtful) < 0.9


def test_outlines_correct_what_e_tells_wrongly(chair):
    cameras = [ViewCamera(50.0, 30.0), ViewCamera(200.0, 10.0)]
    wrong = [dataclasses.replace(c, elevation_degrees=18.0) for c in cameras]
    views = views_of_chair(cameras)
    estimator = CameraEstimator(views, np.float32(chair), telling(wrong))
    alone = [estimator.alone(i) for i in range(2)]
    np.testing.assert_allclose(numbers_of(alone), numbers_of(wrong), rtol=2e-3)
    compared = [estimator.estimate(i).camera for i in range(2)]
    before, after = angles(alone, cameras), angles(compared, cameras)
    assert (after < before - 1.5).all()


def test_cameras_of_about_one_height_get_one_and_known_ones_stay(chair):
    cameras = [ViewCamera(40.0 * i, 25.0) for i in range(6)]
    views = views_of_chair(cameras)
    estimator = CameraEstimator(views, np.float32(chair), telling(cameras))
    known = np.full((6, 4), np.nan)
    known[2] = 80.0, 27.0, 2.6, 24.5
    found = estimator.estimate_all(known, [False] * 6)
    np.testing.assert_allclose(found[2].camera.numbers, known[2])
    estimated = numbers_of([one.camera for i, one in enumerate(found) if i != 2])
    np.testing.assert_allclose(estimated[:, 1:], estimated[:1, 1:].repeat(5, 0))
    alone = numbers_of([estimator.estimate(i).camera for i in range(6) if i != 2])
    assert np.ptp(alone[:, 1]) > 0
    np.testing.assert_array_equal(estimated[:, 0], alone[:, 0])
    outlines = Outlines(chair)
    for view, one in zip(views, found, strict=True):  # of the camera that is told
        assert one.overlap == outlines.likeness(view, one.camera.numbers[None])[0]


@pytest.mark.parametrize("turn, start", [(1, 0.0), (1, 75.0), (-1, 200.0)])
def test_a_ring_is_found_as_a_whole(chair, turn, start):
    cameras = [ViewCamera(start + turn * 45.0 * i, 20.0) for i in range(8)]
    estimator = CameraEstimator(views_of_chair(cameras), np.float32(chair), silent(8))
    estimates = estimator.estimate_ring()
    found = [one.camera for one in estimates]
    assert angles(found, cameras).max() < 6
    # The other hypothesis goes the other way.
    others = np.diff([one.other.azimuth_degrees for one in estimates]) % 360
    np.testing.assert_allclose(others, -turn * 45.0 % 360)
    assert estimates[0].confidence > 0.9
    assert len({round(camera.elevation_degrees, 6) for camera in found}) == 1
    steps = np.diff([camera.azimuth_degrees for camera in found]) % 360
    np.testing.assert_allclose(steps, turn * 45.0 % 360)


def test_a_known_camera_stays_and_follows_the_framing(chair):
    camera = ViewCamera(30.0, 20.0, 2.6, 24.5)
    views = views_of_chair([camera])
    estimator = CameraEstimator(views, np.float32(chair), silent(1))
    kept = estimator.known(0, camera, moved=False)
    assert kept.camera == camera and kept.overlap > 0.85 and kept.other is None
    wider = dataclasses.replace(camera, field_of_view_degrees=35.0)
    assert estimator.known(0, wider, moved=False).overlap < 0.6
    fitted = estimator.known(0, wider, moved=True)
    assert fitted.camera == wider and fitted.overlap > 0.85


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_an_empty_shape_has_cameras_too(nothing):
    """And one of a model that has diverged."""
    cameras = [ViewCamera(100.0, 20.0), ViewCamera(5.0, 20.0)]
    empty = np.full((8, 8, 8), nothing)
    found = estimate_cameras(views_of_chair(cameras), empty, telling(cameras))
    assert all(one.overlap == 0 for one in found)
    assert angles([one.camera for one in found], cameras).max() < 3


def test_what_no_camera_can_be_becomes_the_nearest(chair):
    cameras = [ViewCamera(50.0, 30.0)] * 4
    told = telling(cameras)
    wild = np.float32([[3.2, 0, 0], [0, -5, 0], [0, 400, 0], [-9, 0, 90]])
    logits = np.zeros((4, 24), np.float32)
    logits[:, 3] = 800.0  # neighbours of so sure a sector have no share at all
    told = told._replace(camera=wild, azimuth=logits)
    estimator = CameraEstimator(views_of_chair(cameras), np.float32(chair), told)
    for view in range(4):
        alone = estimator.alone(view)
        assert abs(alone.elevation_degrees) <= 84 and 0.5 < alone.distance < 23
        assert np.isfinite(estimator.estimate(view).camera.numbers).all()
