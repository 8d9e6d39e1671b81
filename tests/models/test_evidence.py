import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.pytorch import pytorch_inputs as inputs
from tests.pytorch.pytorch_values import from_pytorch
from vaegan_jax.models import evidence
from vaegan_jax.models.convolutions.phases import merge_phases
from vaegan_jax.models.evidence import (
    LOWEST,
    MEAN,
    Evidence,
    no_evidence,
    read_views,
)
from vaegan_jax.shapes.cameras import Camera, ViewCamera, numbers_of
from vaegan_jax.shapes.frames import cell_centres, estimate
from vaegan_jax.shapes.meshes import boxes_mesh
from vaegan_jax.shapes.render import render_views
from vaegan_jax.shapes.visual_hull import visual_hull

RESOLUTION = 8
FRONT, SIDE = ViewCamera(0.0, 0.0), ViewCamera(90.0, 0.0)


def read(views, cameras, chosen=None, scale=0.7) -> Evidence:
    """Of one shape, centred in its grid."""
    made = read_views(
        jnp.asarray(views)[None],
        jnp.asarray(cameras, jnp.float32)[None],
        jnp.full(1, scale),
        jnp.full((1, 3), 0.5),
        RESOLUTION,
        None if chosen is None else jnp.asarray(chosen)[None],
    )
    return made


def of_cells(made: Evidence) -> np.ndarray:
    """(x, y, z, features)."""
    return np.asarray(merge_phases(made.cells))[0]


def random_views(count: int, size: int = 32, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, size, size, 1), np.uint8)


def test_a_cell_reads_the_pixel_that_shows_it():
    views, cameras = random_views(1), numbers_of([ViewCamera(70.0, 20.0)])
    cells = of_cells(read(views, cameras))
    for cell in [(0, 0, 0), (3, 5, 1), (7, 2, 6)]:
        point = (cell_centres(RESOLUTION)[cell] - 0.5) * 0.7
        row, column = (ViewCamera(70.0, 20.0).project(point[None])[0] * 32).astype(int)
        ink = (255 - views[0, row, column, 0]) / 255
        mean, spread, *moments = cells[cell][:10]
        np.testing.assert_allclose([mean, spread], [ink, 0], atol=1e-6)
        direction = ViewCamera(70.0, 20.0).eye / 2.6
        np.testing.assert_allclose(moments[:3], ink * direction, atol=1e-6)


def test_blurs_are_means_over_squares():
    """Of white outside of the picture, as everywhere."""
    views = random_views(1)
    words = evidence._blurred(255 - jnp.asarray(views)[None, ..., 0])
    ink = 255 - views[0, ..., 0].astype(float)
    for index, side in enumerate((1, 3, 7, 15)):
        blurred = np.asarray(evidence._unpack(words, index))[0, 0] * 255
        for row, column in [(16, 16), (0, 3), (31, 31)]:
            reach = side // 2
            part = ink[
                max(row - reach, 0) : row + reach + 1,
                max(column - reach, 0) : column + reach + 1,
            ]
            assert abs(blurred[row, column] - part.sum() / side**2) <= 0.5001


def test_larger_pictures_have_squares_as_large_a_part_of_them():
    assert evidence.squares(32) == evidence.squares(64) == [1, 3, 7, 15]
    assert evidence.squares(128) == [1, 5, 13, 29]  # odd, and no larger
    assert evidence.squares(224) == [1, 9, 23, 51]


def test_a_larger_picture_of_the_same_tells_the_same():
    """What changes is what squares of a pixel less leave out."""
    grid = np.zeros((RESOLUTION,) * 3, bool)
    grid[1:7, 1:4, :] = grid[2:4, 1:7, 3] = True
    cameras = numbers_of(Camera(num_views=6).views())
    views = render_views(boxes_mesh(grid), Camera(num_views=6), 64)[..., None]
    small = of_cells(read(views, cameras))
    large = of_cells(read(views.repeat(2, 1).repeat(2, 2), cameras))
    sharp = [MEAN, 1, *range(2, 10), *range(LOWEST, LOWEST + 8)]
    np.testing.assert_array_equal(small[..., sharp], large[..., sharp])
    np.testing.assert_allclose(small, large, atol=0.2)
    assert np.abs(small - large).mean() < 0.01


def test_the_lowest_reading_is_the_visual_hull():
    grid = np.zeros((RESOLUTION,) * 3, bool)
    grid[1:7, 1:4, :] = grid[2:4, 1:7, 3] = True
    cameras = numbers_of(Camera(num_views=6).views())
    views = render_views(boxes_mesh(grid), Camera(num_views=6), 64)[..., None]
    scale, middle = estimate(grid)
    made = read_views(
        jnp.asarray(views)[None],
        jnp.asarray(cameras, jnp.float32)[None],
        jnp.asarray([scale], jnp.float32),
        jnp.asarray(middle, jnp.float32)[None],
        RESOLUTION,
    )
    lowest = of_cells(made)[..., LOWEST]
    assert (lowest[grid] > 0).mean() > 0.95
    hull = visual_hull(views, cameras, RESOLUTION)
    # The hull finds the scale by itself, and so may differ at its edge.
    assert ((lowest > 0.02) == hull).mean() > 0.9


def test_order_of_views_does_not_matter():
    views, cameras = random_views(5), numbers_of(Camera(num_views=5).views())
    order = [3, 0, 4, 2, 1]
    one, other = read(views, cameras), read(views[order], cameras[order])
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("unknown", [True, False])
def test_views_that_do_not_count_are_not_read(unknown):
    """Neither those that are not chosen, nor those from nobody knows where."""
    views, cameras = random_views(4), numbers_of(Camera(num_views=4).views())
    expected = read(views[:2], cameras[:2])
    if unknown:
        cameras[2:] = np.nan
        actual = read(views, cameras)
    else:
        actual = read(views, cameras, np.array([True, True, False, False]))
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_without_a_view_there_is_no_evidence():
    views, cameras = random_views(2), np.full((2, 4), np.nan)
    for a, b in zip(read(views, cameras), no_evidence(1, RESOLUTION), strict=True):
        np.testing.assert_array_equal(a, b)


def test_evidence_equals_pytorch():
    given = inputs.evidence()
    scales, middles = estimate(given["voxels"], jnp)
    made = read_views(given["views"], given["cameras"], scales, middles, RESOLUTION)
    expected = from_pytorch("evidence", given)
    # Deviations are roots, which make much of rounding where views agree.
    np.testing.assert_allclose(made.cells, expected["cells"], atol=1e-3)
    np.testing.assert_allclose(made.cells.mean(), expected["cells"].mean(), atol=1e-6)
    np.testing.assert_allclose(made.views, expected["views"], atol=1e-6)


@pytest.mark.parametrize("grey", [0, 130, 240])
def test_outlines_do_not_tell_how_light_a_surface_is(grey):
    """The left half of a picture is covered, whatever it is covered with."""
    views = np.full((1, 32, 32, 1), 255, np.uint8)
    views[:, :, :16] = grey
    outlines = of_cells(read(views, numbers_of([FRONT])))[..., LOWEST + 5 :]
    # Of each square the mean and the lowest two, of the second the moments too.
    means = outlines[..., [0, 3, 14, 17]]
    np.testing.assert_array_equal(outlines[..., [1, 4, 15, 18]], means)
    np.testing.assert_allclose(outlines[..., 6:8], means[..., 1:2] * [0, -1], atol=1e-6)
    row = means[:, 4, 4]  # along the picture's rows
    places = [
        ViewCamera(0.0, 0.0).project(p[None] * 0.7 - 0.35)[0, 1] * 32
        for p in cell_centres(RESOLUTION)[:, 4, 4]
    ]
    for side, covered in zip((1, 3, 7, 15), row.T, strict=True):
        pixels = np.floor(places)[:, None] + np.arange(side) - side // 2
        inside = (pixels >= 0) & (pixels < 16)
        np.testing.assert_allclose(covered, inside.mean(1), atol=0.003)


def test_the_lowest_are_sorted_and_of_the_seen_views_alone():
    sharp, blurred = np.array([[230, 77, 0, 179, 128, 26], [9, 8, 7, 6, 5, 255]])
    words = jnp.asarray(sharp + (blurred << 16), jnp.uint32)[None, :, None]

    def lowest(seen):
        made = evidence._lowest(words, jnp.asarray([seen], jnp.float32), 4, [0, 2])
        return [[round(255 * float(x[0, 0])) for x in of_square] for of_square in made]

    assert lowest([1, 1, 0, 1, 1, 1]) == [[26, 77, 128, 179], [5, 6, 8, 9]]
    assert lowest([1, 1, 0, 0, 0, 0]) == [[77, 230, 255, 255], [8, 9, 255, 255]]
    assert lowest([0] * 6) == [[0] * 4] * 2


def test_ink_outside_of_a_picture_is_none():
    """Of a near camera, which does not see the whole."""
    views = np.zeros((1, 32, 32, 1), np.uint8)
    cells = of_cells(read(views, numbers_of([ViewCamera(0.0, 0.0, 2.6, 5.0)])))
    mean = cells[..., 0]
    assert mean[4, :, 4].min() == 1
    assert mean[0].max() == 0
    assert mean[..., 0].max() == 0


def test_a_mirrored_set_of_views_shows_the_mirrored_shape():
    views, cameras = random_views(3), numbers_of(Camera(num_views=3).views())
    cameras[:, 0] += 17.0
    mirrored = cameras * np.array([-1, 1, 1, 1])
    there, here = (
        of_cells(read(views, cameras)),
        of_cells(read(views[:, :, ::-1], mirrored)),
    )
    # But for cells whose projection is on the border of two pixels.
    same = np.abs(here[::-1, ..., 0] - there[..., 0]) < 1e-5
    assert same.mean() > 0.99


def test_nothing_is_differentiated_through_the_projection():
    views, cameras = random_views(2), numbers_of([FRONT, SIDE])
    gradient = jax.grad(lambda scale: read(views, cameras, scale=scale).cells.sum())
    assert gradient(0.7) == 0


def test_colour_is_read_as_grey():
    views = random_views(2)
    cameras = numbers_of([FRONT, SIDE])
    coloured = np.repeat(views, 3, axis=-1)
    for a, b in zip(read(coloured, cameras), read(views, cameras), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
