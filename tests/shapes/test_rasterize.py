import numpy as np
import pytest

from vaegan_jax.shapes import cells
from vaegan_jax.shapes.rasterize import line_pixels, triangle_pixels


def covered(corners, size):
    """How often each pixel is covered."""
    count = np.zeros((size, size), int)
    for _, i, j in triangle_pixels(np.asarray(corners, float), (size, size)):
        np.add.at(count, (i, j), 1)
    return count


def drawn(ends, size):
    """How far along a line each pixel lies, NaN off the line."""
    image = np.full((size, size), np.nan)
    for (_, i, j), along in line_pixels(np.asarray(ends, float), (size, size)):
        image[i, j] = along
    return image


@pytest.mark.parametrize("winding", [1, -1])
def test_a_triangle_covers_pixels_by_their_centres(winding):
    triangle = [[0.4, 0.4], [0.4, 3.4], [3.4, 0.4]][::winding]
    expected = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    # The long side goes through three centres further out, 0.2 away from it.
    np.testing.assert_array_equal(covered([triangle], 4), expected)


@pytest.mark.parametrize("mixed", [False, True])
def test_neighbours_share_no_pixel_and_leave_none(mixed):
    """A fan around a pixel centre, all its edges through many centres."""
    rim = [[8, 0], [8, 8], [0, 8], [-8, 8], [-8, 0], [-8, -8], [0, -8], [8, -8]]
    fan = [[rim[k], rim[(k + 1) % 8], [0, 0]] for k in range(8)]
    if mixed:
        fan[::2] = [triangle[::-1] for triangle in fan[::2]]
    count = covered(np.array(fan) + 8.5, 20)
    assert set(count[1:16, 1:16].ravel()) == {1}
    assert count.sum() == 16 * 16


def test_degenerate_triangles_cover_nothing():
    assert covered([[[1, 1], [3, 3], [2, 2]], [[1, 1]] * 3], 4).sum() == 0


def test_the_parts_of_many_triangles_are_all_there(monkeypatch):
    triangles = np.random.default_rng(0).uniform(-2, 12, (40, 3, 2))
    whole = covered(triangles, 10)
    monkeypatch.setattr(cells, "_CELLS_AT_ONCE", 30)
    np.testing.assert_array_equal(covered(triangles, 10), whole)


def test_lines_by_hand():
    flat = drawn([[[0.0, 0.6], [4.0, 2.6]]], 4)
    assert np.argwhere(~np.isnan(flat)).tolist() == [[0, 0], [1, 1], [2, 1], [3, 2]]
    np.testing.assert_allclose(flat[~np.isnan(flat)], [0.125, 0.375, 0.625, 0.875])
    steep = drawn([[[0.6, 0.0], [2.6, 4.0]]], 4)
    np.testing.assert_array_equal(steep, flat.T)
    backwards = drawn([[[4.0, 2.6], [0.0, 0.6]]], 4)
    np.testing.assert_allclose(backwards, 1 - flat)


def test_lines_are_clipped_and_points_are_nothing():
    assert np.isnan(drawn([[[2.5, 2.5], [2.5, 2.5]]], 4)).all()
    inside = ~np.isnan(drawn([[[-9.0, 1.2], [9.0, 1.2]]], 4))
    assert inside.tolist() == [[False, True, False, False]] * 4
    assert np.isnan(drawn([[[-9.0, 5.2], [9.0, 5.2]]], 4)).all()
