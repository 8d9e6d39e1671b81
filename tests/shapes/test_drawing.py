import numpy as np
import pytest

from vaegan_jax.shapes.drawing import (
    draw_contact_sheet,
    draw_reconstructions,
    draw_shapes,
    draw_voxels,
)


def test_a_box_is_shaded_by_face_and_stands_where_it_is():
    grid = np.zeros((8, 8, 8), bool)
    grid[2:6, 2:6, :4] = True
    picture = draw_voxels(grid, 96)
    assert picture.shape == (96, 96, 3) and picture.dtype == np.uint8
    drawn = (picture < 250).any(axis=-1)
    rows, columns = np.nonzero(drawn)
    assert rows.mean() > 48  # the lower half of the grid
    assert abs(columns.mean() - 47.5) < 2
    shades = np.unique(picture[drawn][:, 0] // 16)
    assert len(shades) >= 3  # top, front and right differ


def test_the_eye_is_front_right():
    grid = np.zeros((8, 8, 8), bool)
    grid[7, :, :] = True  # a wall on the +x side: seen broadside from there
    assert drawn(draw_voxels(grid, azimuth_degrees=90.0)) > 2 * drawn(
        draw_voxels(grid, azimuth_degrees=0.0)
    )
    # By default it stands to the right, and its nearer, lower end is in the middle.
    assert drawn(draw_voxels(grid), slice(80, None)) > 0.7 * drawn(draw_voxels(grid))


def drawn(picture, columns=slice(None)):
    return (picture[:, columns] < 250).any(axis=-1).sum()


@pytest.mark.parametrize("elevation", [-89.0, -30.0, 0.0, 30.0, 55.0, 89.0])
def test_all_grids_fit_from_anywhere(elevation):
    full = np.ones((4, 4, 4), bool)
    for azimuth in np.arange(0.0, 90.0, 15.0).tolist():
        picture = draw_voxels(full, 128, azimuth, elevation)
        border = np.concatenate([picture[[0, -1]], picture[:, [0, -1]].swapaxes(0, 1)])
        assert (border == 255).all()


def test_an_empty_grid_is_blank():
    assert (draw_voxels(np.zeros((8, 8, 8), bool), 32) == 255).all()


def test_views_are_drawn_in_their_colours(corner_grid):
    views = np.full((1, 2, 8, 8, 3), (200, 100, 50), np.uint8)
    grid = corner_grid[None]
    sheet = np.asarray(draw_reconstructions(views, grid, grid, image_size=32))
    assert (sheet[40, 10] == (200, 100, 50)).all()
    sheet = np.asarray(draw_reconstructions(views[..., :1], grid, grid, image_size=32))
    assert (sheet[40, 10] == 200).all()


@pytest.mark.parametrize("count, columns, size", [(5, None, (3, 2)), (3, 1, (1, 3))])
def test_sheets(corner_grid, count, columns, size):
    sheet = draw_shapes(np.stack([corner_grid] * count), columns, image_size=30)
    assert sheet.size == (size[0] * 34 + 4, size[1] * 34 + 4)


def test_an_empty_sheet_is_still_a_picture():
    assert draw_shapes(np.zeros((0, 8, 8, 8), bool)).size[0] > 0


@pytest.mark.parametrize("num_views, shown", [(1, 1), (2, 2), (12, 3)])
def test_reconstructions(corner_grid, num_views, shown):
    grids = np.stack([corner_grid] * 2)
    views = np.full((2, num_views, 16, 16, 1), 255, np.uint8)
    views[:, :, 4:12, 4:12] = 0
    picture = draw_reconstructions(views, grids, grids, image_size=40)
    pixels = np.asarray(picture)
    assert pixels.shape[1] == (shown + 2) * 44 + 4
    last = pixels[:, -44:-4][-44:-4]
    before = pixels[:, -88:-48][-44:-4]
    np.testing.assert_array_equal(last, before)  # reconstruction and truth are equal
    assert (pixels[-44:-4, 4:44].min(axis=-1) < 30).sum() > 300  # the view is dark


@pytest.mark.parametrize("num_views, tiles", [(12, 8), (2, 4), (0, 4)])
def test_contact_sheets_put_views_beside_their_voxels(corner_grid, num_views, tiles):
    views = np.full((1, num_views, 32, 32, 1), 255, np.uint8)
    views[:, num_views // 2 : num_views // 2 + 1] = 0  # a view that is black
    sheet = draw_contact_sheet(["a" * 50], corner_grid[None], views, image_size=64)
    assert sheet.width == tiles * 68 + 4
    picture = np.asarray(sheet)[22 + 4 :]
    columns = [picture[20:64, 4 + 68 * i : 68 + 68 * i] for i in range(tiles)]
    black = [i for i, tile in enumerate(columns) if tile.max() == 0]
    assert black == ([tiles // 2] if num_views else [])
    opposite = np.asarray(draw_voxels(corner_grid, 64, 180.0))[20:]
    beside = columns[tiles // 2 + 1] if num_views else columns[2]
    np.testing.assert_array_equal(beside, opposite)


@pytest.mark.parametrize("num_views, turn", [(12, 30.0), (1, 0.0), (0, 90.0)])
def test_many_shapes_share_rows(corner_grid, num_views, turn):
    grids = np.tile(corner_grid, (50, 1, 1, 1))
    views = np.zeros((50, num_views, 8, 8, 1), np.uint8)
    views[49] = 255
    sheet = draw_contact_sheet(["a"] * 50, grids, views, image_size=32)
    tiles = 2 if num_views else 1
    assert sheet.size == (8 * tiles * 36 + 4, 22 + 7 * 36 + 4)
    pixels = np.asarray(sheet)[22 + 4 :, 4:]

    def tile(shape, which):
        row, column = shape // 8, shape % 8 * tiles + which
        return pixels[row * 36 + 20 : row * 36 + 32, column * 36 : column * 36 + 32]

    for shape in (0, 9, 49):
        expected = draw_voxels(corner_grid, 32, turn)[20:]
        np.testing.assert_array_equal(tile(shape, tiles - 1), expected)
    if num_views:
        assert tile(48, 0).max() == 0 and tile(49, 0).min() == 255
    assert (pixels[6 * 36 :, 2 * tiles * 36 :] == 255).all()  # nothing beyond the last
