import numpy as np
import pytest
import trimesh

from vaegan_jax.shapes.voxelize import max_pool
from vaegan_jax.shapes.zbuffer import CARVE, SHAPENET, remove_internal, solid_voxels


def box(low, high):
    return np.asarray(trimesh.creation.box(bounds=[low, high]).triangles)


def sheet(*corners):
    """Two triangles between four corners."""
    a, b, c, d = np.asarray(corners, float)
    return np.array([[a, b, c], [a, c, d]])


@pytest.mark.parametrize("style", [CARVE, SHAPENET])
def test_a_box_by_hand(style):
    # Faces at half fine voxels and more: carving stops one fine voxel from them.
    grid = solid_voxels(box([2.3, 3.3, 1.3], [5.7, 6.7, 6.7]), 8, style)
    expected = np.zeros((8, 8, 8), bool)
    expected[2:6, 3:7, 1:7] = True
    np.testing.assert_array_equal(grid, expected)


def test_a_sheet_stays():
    grid = solid_voxels(sheet([1, 1, 3.2], [7, 1, 3.2], [7, 7, 3.2], [1, 7, 3.2]), 8)
    assert grid[1:7, 1:7, 3].all()
    assert not grid[..., [0, 1, 5, 6, 7]].any()


def test_a_slanting_sheet_stays_but_for_shapenet():
    slant = sheet([4, 0, 4], [4, 64, 4], [60, 64, 30], [60, 0, 30])
    # Away from the edges, which are drawn as lines.
    along = max_pool(solid_voxels(slant, 64), 4)[2:14, 3].any(axis=1)
    assert along.all()
    along = max_pool(solid_voxels(slant, 64, SHAPENET), 4)[2:14, 3].any(axis=1)
    assert not along.any()


def test_a_rod_thinner_than_a_voxel_stays_but_for_shapenet():
    rod = box([3.3, 3.3, 0.5], [3.31, 3.31, 7.5])
    assert solid_voxels(rod, 8)[3, 3, 1:7].all()
    assert not solid_voxels(rod, 8, SHAPENET).any()


def test_a_box_without_a_lid_is_filled():
    triangles = box([1.3, 1.3, 1.3], [6.7, 6.7, 6.7])
    closed = solid_voxels(triangles, 8)
    normals = np.cross(
        triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    )
    lidless = triangles[normals[:, 2] <= 0]
    assert len(lidless) == 10
    grid = solid_voxels(lidless, 8)
    assert grid[2:6, 2:6, 2:6].all() and closed[2:6, 2:6, 2:6].all()


def test_an_armchair_of_sheets_is_not_filled():
    seat = sheet([2, 2, 3], [6, 2, 3], [6, 6, 3], [2, 6, 3])
    back = sheet([2, 6, 3], [6, 6, 3], [6, 6, 7], [2, 6, 7])
    arms = [sheet([x, 2, 3], [x, 6, 3], [x, 6, 7], [x, 2, 7]) for x in (2, 6)]
    triangles = np.concatenate([seat, back, *arms])
    assert not solid_voxels(triangles, 8)[3:5, 3:5, 4:6].any()
    assert solid_voxels(triangles, 8, SHAPENET)[3:5, 3:5, 4:6].all()


def test_winding_does_not_matter():
    triangles = np.asarray(trimesh.creation.icosphere(2).triangles) * 7 + 8
    mixed = triangles.copy()
    mixed[::2] = mixed[::2, ::-1]
    np.testing.assert_array_equal(solid_voxels(mixed, 16), solid_voxels(triangles, 16))


def test_axes_are_treated_alike():
    triangles = np.random.default_rng(0).uniform(0, 12, (20, 3, 3))
    grid = solid_voxels(triangles, 12)
    turned = solid_voxels(triangles[..., [2, 0, 1]], 12)
    np.testing.assert_array_equal(turned, grid.transpose(2, 0, 1))


def test_walls_by_hand():
    cube = np.zeros((14, 14, 14), bool)
    cube[1:13, 1:13, 1:13] = True
    for style, (x, y, z) in ((CARVE, (1, 1, 1)), (SHAPENET, (4, 1, 2))):
        expected = cube.copy()
        expected[1 + x : 13 - x, 1 + y : 13 - y, 1 + z : 13 - z] = False
        np.testing.assert_array_equal(remove_internal(cube, style), expected)


def test_what_touches_the_border_of_the_grid_is_surface():
    full = np.ones((4, 4, 4), bool)
    expected = full.copy()
    expected[1:3, 1:3, 1:3] = False
    np.testing.assert_array_equal(remove_internal(full), expected)
