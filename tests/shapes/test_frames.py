"""Cells of grids lie where the cameras of the views see them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.parameters import sample_parameters
from vaegan_jax.shapes.cameras import Camera, ViewCamera, numbers_of, project
from vaegan_jax.shapes.frames import (
    cell_centres,
    estimate,
    known_or_estimated,
    scale_of_box,
    scale_of_file,
    to_view_frame,
)
from vaegan_jax.shapes.voxelize import voxelize

RESOLUTION = 32
CHAIRS = 16


def test_a_cell_and_its_pixel_by_hand():
    # A box of 2 × 1 × 2 metres: its diagonal is 3, its longest side two thirds of that.
    scale = scale_of_box((2.0, 1.0, 2.0))
    assert scale == pytest.approx(2 / 3)
    assert scale_of_box(np.array([2e200, 1e200, 2e200])) == pytest.approx(2 / 3)
    centres = cell_centres(4)
    assert centres.shape == (4, 4, 4, 3)
    np.testing.assert_allclose(centres[3, 1, 0], [0.875, 0.375, 0.125])
    placed = to_view_frame(centres[3, 1], scale)
    np.testing.assert_allclose(placed[0], [1 / 4, -1 / 12, -1 / 4])
    # From 2 in front, half as wide as far (a tangent of a half): 23 / 12 away, where
    # half the picture is 23 / 24.
    camera = ViewCamera(0.0, 0.0, 2.0, float(2 * np.rad2deg(np.arctan(0.5))))
    row, column = camera.project(placed)[0]
    np.testing.assert_allclose((row, column), 0.5 + np.array([3, 3]) / 23)
    # A shape that starts at the low corner ends before the middle in y.
    middle = np.array([0.5, 0.25, 0.5])
    moved = to_view_frame(centres[3, 1], scale, middle)
    np.testing.assert_allclose(moved - placed, np.tile([0, 1 / 6, 0], (4, 1)))


def test_sides_middles_and_scales_of_grids_by_hand():
    grid = np.zeros((8, 8, 8), bool)
    grid[2:6, 0:8, 1:4] = True  # 4 by 8 by 3 cells, the short sides a cell less
    scale, middle = estimate(grid)
    np.testing.assert_allclose(scale, 8 / np.sqrt(3**2 + 8**2 + 2**2))
    np.testing.assert_allclose(middle, [0.5, 0.5, 2.5 / 8])
    full, middle = estimate(np.zeros((8, 8, 8), bool))
    np.testing.assert_allclose((full, *middle), (3**-0.5, 0.5, 0.5, 0.5))
    assert known_or_estimated(grid, 0.7)[0] == 0.7
    for unknown in (None, float("nan")):
        assert known_or_estimated(grid, unknown)[0] == pytest.approx(float(scale))


def test_jax_says_what_numpy_says_of_batches_and_of_one():
    rng = np.random.default_rng(0)
    grids = rng.random((5, 6, 6, 6)) < 0.02
    points, scales = rng.random((5, 7, 3)), rng.uniform(0.58, 1, 5)
    cameras = numbers_of(Camera(5).views())
    guessed, middles = estimate(grids)
    places = project(to_view_frame(points, scales, middles), cameras)
    for i in range(5):
        one, middle = estimate(grids[i])
        np.testing.assert_allclose((one, *middle), (guessed[i], *middles[i]))
        frame = to_view_frame(points[i], scales[i], middles[i])
        np.testing.assert_allclose(project(frame, cameras[i]), places[i])

    @jax.jit
    def theirs(grids, points, scales):
        guessed, middles = estimate(grids, jnp)
        frame = to_view_frame(points, scales, middles, jnp)
        return guessed, middles, project(frame, jnp.asarray(cameras), jnp)

    found = theirs(*map(jnp.asarray, (grids, points, scales)))
    for one, other in zip(found, (guessed, middles, places), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_allclose(cell_centres(5, jnp), cell_centres(5), atol=1e-6)
    centred = to_view_frame(jnp.asarray(points), jnp.asarray(scales), xp=jnp)
    np.testing.assert_allclose(centred, to_view_frame(points, scales), atol=1e-6)


def test_places_have_gradients_in_points_and_scales():
    camera = jnp.asarray(ViewCamera(30.0, 20.0).numbers)

    def place(point, scale):
        return project(to_view_frame(point, scale, xp=jnp), camera, jnp)[0, 0]

    point, scale, step = jnp.array([[0.2, 0.6, 0.9]]), jnp.array(0.7), 1e-2
    by_point, by_scale = jax.grad(place, (0, 1))(point, scale)
    difference = place(point, scale + step) - place(point, scale - step)
    np.testing.assert_allclose(by_scale, difference / (2 * step), rtol=1e-2)
    for axis in range(3):
        moved = step * jnp.eye(3)[axis]
        difference = place(point + moved, scale) - place(point - moved, scale)
        np.testing.assert_allclose(
            by_point[0, axis], difference / (2 * step), rtol=0.02
        )


@pytest.mark.parametrize("method, bias", [("exact", 0.003), ("carve", 0.003)])
def test_estimates_of_procedural_chairs_err_by_half_a_cell_at_each_end(method, bias):
    errors = []
    for number in range(CHAIRS):
        mesh = build_chair(sample_parameters(number))
        scale = scale_of_box(mesh.extents)
        grid = voxelize(mesh, RESOLUTION, oversample=2, method=method)
        guessed, middle = known_or_estimated(grid)
        # What one cell more or less of each short side would make of it.
        sides = mesh.extents / mesh.extents.max() * RESOLUTION
        short = sides < sides.max()
        wide, narrow = (
            RESOLUTION / np.linalg.norm(sides + sign * short) for sign in (1, -1)
        )
        assert wide - 0.002 <= guessed <= narrow + 0.002
        np.testing.assert_allclose(middle, 0.5)
        errors.append(guessed / scale - 1)
    assert abs(np.mean(errors)) < bias
    assert 0.003 < np.abs(errors).mean() < 0.01 and np.abs(errors).max() < 0.025


def test_shapes_that_start_at_a_corner_have_their_middle_to_half_a_cell():
    for number in range(4):
        mesh = build_chair(sample_parameters(number))
        grid = voxelize(mesh, RESOLUTION, oversample=2, centred=False)
        _, middle = estimate(grid)
        expected = mesh.extents / mesh.extents.max() / 2
        assert np.abs(middle - expected).max() <= 0.501 / RESOLUTION


def test_a_file_s_side_is_a_scale_if_the_box_then_has_a_diagonal_of_one():
    grid = np.zeros((32, 32, 32), bool)
    grid[6:26, :, 5:27] = True  # of one of 3D-R2N2's chairs, whose file says .737318
    assert scale_of_file(0.737318, grid) == 0.737318
    for units in (1.0, 0.63, 0.82, 31.5, float("nan")):  # a unit cube; inches; none
        assert np.isnan(scale_of_file(units, grid)), units
    cube = np.ones((4, 4, 4), bool)
    assert scale_of_file(0.57735, cube) == 0.57735


def test_headers_of_3d_r2n2_s_chairs_and_what_their_grids_say(real_data):
    """Their boxes are 0.2 to 0.5 cells larger than the shapes, less than on average."""
    from vaegan_jax.shapes.voxel_files import read_binvox, side_of_binvox

    paths = sorted((real_data / "r2n2").rglob("*.binvox"))
    assert len(paths) == 2
    for path in paths:
        content = path.read_bytes()
        grid, scale = read_binvox(path), side_of_binvox(content)
        assert scale_of_file(scale, grid) == scale
        # With -cb binvox still writes where the object begins, and its middle is 0.
        start = content.split(b"translate ")[1].split(b"\n")[0].split()
        sides = -2 * np.array(start, float)
        np.testing.assert_allclose(scale_of_box(sides), scale, rtol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(sides), 1, rtol=1e-5)
        guessed, middle = known_or_estimated(grid)
        assert 1.01 < guessed / scale < 1.02
        np.testing.assert_allclose(middle, 0.5)
