"""Cameras near a ring's, in its order, and the views that they take."""

import dataclasses

import numpy as np
import pytest
import trimesh

from data_prep.derived.view_jitter import ViewTaker, jittered
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.render import render_views

RING = Camera()


def drawn(camera=RING, count=50):
    return [jittered(camera, np.random.default_rng(i)) for i in range(count)]


def azimuth_and_elevation(eye):
    x, y, z = eye
    return np.arctan2(x, -y) % (2 * np.pi), np.rad2deg(np.arctan2(z, np.hypot(x, y)))


def test_every_camera_is_nearest_to_its_own_of_the_ring_and_they_fill_the_circle():
    places = drawn()
    beside = []
    for ring in places:
        assert len(ring) == 12
        for expected, (camera, eye) in zip(RING.azimuths(), ring, strict=True):
            azimuth, elevation = azimuth_and_elevation(eye)
            beside.append((azimuth - expected + np.pi) % (2 * np.pi) - np.pi)
            assert 10 <= elevation <= 40
            assert elevation == pytest.approx(camera.elevation_degrees)
            assert np.linalg.norm(eye) == pytest.approx(camera.distance)
    half = np.pi / 12
    assert -half <= min(beside) < -0.95 * half
    assert 0.95 * half < max(beside) <= half
    assert abs(np.mean(beside)) < half / 5


@pytest.mark.parametrize("count", [1, 2, 24])
def test_views_of_other_rings_stay_near_them(count):
    ring = Camera(count)
    limit = min(np.deg2rad(15), np.pi / count)
    for places in drawn(ring, 20):
        for expected, (_, eye) in zip(ring.azimuths(), places, strict=True):
            beside = azimuth_and_elevation(eye)[0] - expected
            assert abs((beside + np.pi) % (2 * np.pi) - np.pi) <= limit + 1e-9


def test_perspective_changes_and_the_size_in_the_picture_does_not():
    cameras = [camera for ring in drawn() for camera, _ in ring]
    fields = np.array([c.field_of_view_degrees for c in cameras])

    def size(camera):
        return camera.distance * np.tan(np.deg2rad(camera.field_of_view_degrees) / 2)

    np.testing.assert_allclose([size(c) for c in cameras], size(RING))
    assert fields.min() < 18 and fields.max() > 46


@pytest.mark.parametrize("elevation", [-85.0, 0.0, 88.0])
def test_no_camera_is_inside_the_shape_or_above_its_top(elevation):
    camera = dataclasses.replace(RING, distance=1.0, elevation_degrees=elevation)
    for ring in drawn(camera, 20):
        for own, _ in ring:
            assert own.distance > 0.9 - 1e-9
            assert abs(own.elevation_degrees) <= 85


def test_views_are_of_the_same_shape_and_depend_on_the_seed_alone():
    mesh = trimesh.creation.box((0.4, 0.7, 1.0))
    ring = render_views(mesh, RING, 64)
    rng = np.random.default_rng
    assert np.array_equal(ViewTaker(RING, 64)(mesh, rng(0)), ring)
    take = ViewTaker(RING, 64, jitter=True)
    views, again, other = (take(mesh, rng(seed)) for seed in (0, 0, 1))
    assert views.shape == ring.shape and views.dtype == np.uint8
    assert np.array_equal(views, again)
    assert not np.array_equal(views, other)
    for view, near in zip(views < 255, ring < 255, strict=True):
        shared = (view & near).sum() / (view | near).sum()
        assert 0.7 < shared < 1
