import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vaegan_jax.shapes.cameras import Camera, ViewCamera, numbers_of, project


def test_eyes_by_hand():
    eyes = np.stack([camera.eye for camera in Camera().views()])
    across, up = 2.6 * np.sqrt(3) / 2, 1.3
    assert eyes.shape == (12, 3)
    np.testing.assert_allclose(eyes[0], [0, -across, up], atol=1e-12)
    np.testing.assert_allclose(eyes[3], [across, 0, up], atol=1e-12)
    np.testing.assert_allclose(eyes[6], [0, across, up], atol=1e-12)
    np.testing.assert_allclose(eyes[1], [across / 2, -across * 0.75**0.5, up])


def test_axes_are_upright_and_face_the_origin():
    forward, right, up = ViewCamera().axes
    np.testing.assert_allclose(forward, [0, np.sqrt(3) / 2, -0.5], atol=1e-12)
    np.testing.assert_allclose(right, [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(up, [0, 0.5, np.sqrt(3) / 2], atol=1e-12)
    for camera in Camera(7, -35.0).views():
        axes = np.stack(camera.axes)
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
        np.testing.assert_allclose(np.cross(axes[1], axes[0]), axes[2], atol=1e-12)
        np.testing.assert_allclose(camera.eye, -camera.distance * axes[0])


def test_rays_go_where_points_project():
    size = 7
    for camera in Camera(num_views=5, elevation_degrees=20.0, distance=2.0).views():
        directions = camera.ray_directions(size)
        np.testing.assert_allclose(np.linalg.norm(directions, axis=-1), 1)
        points = camera.eye + 1.7 * directions.reshape(-1, 3)
        centres = (np.stack(np.mgrid[:size, :size], -1).reshape(-1, 2) + 0.5) / size
        np.testing.assert_allclose(camera.project(points), centres, atol=1e-9)


def test_field_of_view_reaches_the_edge_of_the_image():
    half = 2.6 * np.tan(np.deg2rad(24.5 / 2))
    top_and_right = np.array([[0, 0, half], [half, 0, 0]])
    rows_columns = ViewCamera(elevation_degrees=0.0).project(top_and_right)
    np.testing.assert_allclose(rows_columns, [[0, 0.5], [0.5, 1]], atol=1e-12)


def test_jax_projects_as_numpy_does_and_batches_do_as_singles():
    rng = np.random.default_rng(0)
    cameras = [ViewCamera(a, e, d, f) for a, e, d, f in rng.uniform(
        (0, -60, 1, 15), (360, 60, 3, 60), (6, 4)
    ).tolist()]  # fmt: skip
    points = rng.uniform(-0.5, 0.5, (6, 9, 3))
    together = project(points, numbers_of(cameras))
    for one, camera, alone in zip(points, cameras, together, strict=True):
        np.testing.assert_allclose(camera.project(one), alone)
    numbers = jnp.asarray(numbers_of(cameras))
    theirs = jax.jit(lambda p, c: project(p, c, jnp))(jnp.asarray(points), numbers)
    np.testing.assert_allclose(theirs, together, atol=1e-5)


def test_gradients_are_those_of_finite_differences():
    point, camera = np.array([[0.1, -0.2, 0.3]]), ViewCamera(40.0, 20.0).numbers
    found = jax.jacobian(lambda c: project(jnp.asarray(point), c, jnp))(
        jnp.asarray(camera)
    )[0]
    for number in range(4):
        step = np.eye(4)[number] * 1e-4
        expected = project(point, camera + step) - project(point, camera - step)
        np.testing.assert_allclose(found[:, number], expected[0] / 2e-4, atol=1e-5)


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
    if field != "num_views":
        with pytest.raises(ValueError, match=f"ViewCamera.{field} is {value}"):
            ViewCamera(**{field: value})


def test_a_camera_has_an_azimuth():
    with pytest.raises(ValueError, match=r"ViewCamera.azimuth_degrees is nan; give a"):
        ViewCamera(float("nan"))
