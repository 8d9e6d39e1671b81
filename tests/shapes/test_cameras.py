import numpy as np
import pytest

from vaegan_jax.shapes.cameras import Camera


def test_eyes_by_hand():
    eyes = Camera().eyes()
    across, up = 2.6 * np.sqrt(3) / 2, 1.3
    assert eyes.shape == (12, 3)
    np.testing.assert_allclose(eyes[0], [0, -across, up], atol=1e-12)
    np.testing.assert_allclose(eyes[3], [across, 0, up], atol=1e-12)
    np.testing.assert_allclose(eyes[6], [0, across, up], atol=1e-12)
    np.testing.assert_allclose(eyes[1], [across / 2, -across * 0.75**0.5, up])


def test_axes_are_upright_and_face_the_origin():
    camera = Camera()
    forward, right, up = camera.axes(camera.eyes()[0])
    np.testing.assert_allclose(forward, [0, np.sqrt(3) / 2, -0.5], atol=1e-12)
    np.testing.assert_allclose(right, [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(up, [0, 0.5, np.sqrt(3) / 2], atol=1e-12)


def test_rays_go_where_points_project():
    camera = Camera(num_views=5, elevation_degrees=20.0, distance=2.0)
    size = 7
    for eye in camera.eyes():
        directions = camera.ray_directions(eye, size)
        np.testing.assert_allclose(np.linalg.norm(directions, axis=-1), 1)
        points = eye + 1.7 * directions.reshape(-1, 3)
        centres = (np.stack(np.mgrid[:size, :size], -1).reshape(-1, 2) + 0.5) / size
        np.testing.assert_allclose(camera.project(points, eye), centres, atol=1e-9)


def test_field_of_view_reaches_the_edge_of_the_image():
    camera = Camera(num_views=1, elevation_degrees=0.0)
    half = 2.6 * np.tan(np.deg2rad(24.5 / 2))
    top_and_right = np.array([[0, 0, half], [half, 0, 0]])
    rows_columns = camera.project(top_and_right, camera.eyes()[0])
    np.testing.assert_allclose(rows_columns, [[0, 0.5], [0.5, 1]], atol=1e-12)


def test_to_dict_is_plain():
    assert Camera(num_views=3).to_dict() == {
        "num_views": 3,
        "elevation_degrees": 30.0,
        "distance": 2.6,
        "field_of_view_degrees": 24.5,
    }


@pytest.mark.parametrize(
    "field, value",
    [
        ("num_views", 0),
        ("elevation_degrees", 90.0),
        ("distance", 0.3),
        ("distance", float("inf")),
        ("field_of_view_degrees", 180.0),
    ],
)
def test_impossible_values_are_named(field, value):
    with pytest.raises(ValueError, match=f"Camera.{field} is {value}"):
        Camera(**{field: value})
