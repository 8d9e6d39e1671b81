"""Cameras near a ring's, in its order, and the views that they take."""

import dataclasses

import numpy as np
import pytest
import trimesh

from data_prep.derived.view_jitter import ViewTaker, jittered
from vaegan_jax.shapes.cameras import Camera, ViewCamera, numbers_of
from vaegan_jax.shapes.render import render_from, render_views

RING = Camera()


def drawn(camera=RING, count=50):
    return [jittered(camera.views(), np.random.default_rng(i)) for i in range(count)]


def beside(camera, azimuth):
    """Degrees between a camera and an azimuth."""
    return (camera.azimuth_degrees - azimuth + 180) % 360 - 180


def test_every_camera_is_nearest_to_its_own_of_the_ring_and_they_fill_the_circle():
    found = []
    for ring in drawn():
        assert len(ring) == 12
        for expected, camera in zip(RING.azimuths(), ring, strict=True):
            found.append(beside(camera, expected))
            assert 10 <= camera.elevation_degrees <= 40
    assert -15 <= min(found) < -0.95 * 15
    assert 0.95 * 15 < max(found) <= 15
    assert abs(np.mean(found)) < 3


@pytest.mark.parametrize("count", [1, 2, 24])
def test_views_of_other_rings_stay_near_them(count):
    ring = Camera(count)
    for cameras in drawn(ring, 20):
        for expected, camera in zip(ring.azimuths(), cameras, strict=True):
            assert abs(beside(camera, expected)) <= min(15, 180 / count) + 1e-9


def test_perspective_changes_and_the_size_in_the_picture_does_not():
    cameras = [camera for ring in drawn() for camera in ring]
    fields = np.array([c.field_of_view_degrees for c in cameras])

    def size(camera):
        return camera.distance * np.tan(np.deg2rad(camera.field_of_view_degrees) / 2)

    np.testing.assert_allclose([size(c) for c in cameras], size(RING))
    assert fields.min() < 18 and fields.max() > 46


@pytest.mark.parametrize("elevation", [-85.0, 0.0, 88.0])
def test_no_camera_is_inside_the_shape_or_above_its_top(elevation):
    camera = dataclasses.replace(RING, distance=1.0, elevation_degrees=elevation)
    for ring in drawn(camera, 20):
        for own in ring:
            assert own.distance > 0.9 - 1e-9
            assert abs(own.elevation_degrees) <= 85


def test_views_are_of_the_same_shape_and_depend_on_the_seed_alone():
    mesh = trimesh.creation.box((0.4, 0.7, 1.0))
    ring = render_views(mesh, RING, 64)
    rng, cameras = np.random.default_rng, RING.views()
    views, numbers = ViewTaker(64)(mesh, cameras, rng(0))
    assert np.array_equal(views, ring)
    np.testing.assert_allclose(numbers, numbers_of(cameras), rtol=1e-6)
    take = ViewTaker(64, jitter=True)
    taken = [take(mesh, cameras, rng(seed)) for seed in (0, 0, 1)]
    views, again, other = (views for views, _ in taken)
    # What is told of the cameras is where the views are from.
    told = [ViewCamera(*numbers) for numbers in taken[0][1].tolist()]
    difference = np.abs(np.int32(render_from(mesh, told, 64)) - views)
    assert (difference > 2).mean() < 0.001
    assert views.shape == ring.shape and views.dtype == np.uint8
    assert np.array_equal(views, again)
    assert not np.array_equal(views, other)
    for view, near in zip(views < 255, ring < 255, strict=True):
        shared = (view & near).sum() / (view | near).sum()
        assert 0.7 < shared < 1
