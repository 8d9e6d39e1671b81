"""Stretched shapes are whole, fill the grid, and are what their views show."""

import dataclasses

import numpy as np
import pytest
import scipy.ndimage

from data_prep.derived.deformation import Deformer, Stretch, deform
from data_prep.derived.view_jitter import ViewTaker
from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.parameters import sample_parameters
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.frames import known_or_estimated, to_view_frame
from vaegan_jax.shapes.meshes import boxes_mesh
from vaegan_jax.shapes.render import normalized, render_views
from vaegan_jax.shapes.voxelize import voxelize

NOTHING = Stretch(np.ones(3), tuple(np.linspace(0, 1, n) for n in (4, 4, 5)))


def chair(index):
    return build_chair(sample_parameters(index, 0))


def drawn(seed):
    return Stretch.draw(np.random.default_rng(seed))


def agreement(a, b):
    return (a & b).sum() / (a | b).sum()


def test_no_stretching_leaves_a_shape_as_it_is():
    for index in range(4):
        voxels = voxelize(chair(index), 32)
        for centred in (True, False):
            same, *_ = deform(voxels, NOTHING, centred)
            assert np.array_equal(same, voxels)


def test_a_stretch_by_hand():
    # Half of x is doubled against the other half of the way out; y and z are linear.
    line = np.linspace(0, 1, 4)
    stretch = Stretch(np.array([1.0, 2.0, 0.5]), (np.array([0, 2 / 3, 1]), line, line))
    points = np.array([[5.0, 1, 2], [7.5, 1, 2], [2.5, 1, 2], [10, 10, 10], [0, 0, 0]])
    expected = [
        [5, 2, 1],
        [5 + 10 / 3, 2, 1],
        [5 - 10 / 3, 2, 1],
        [10, 20, 5],
        [0, 0, 0],
    ]
    np.testing.assert_allclose(stretch(points, np.full(3, 10.0)), expected, atol=1e-12)


def test_planes_stay_one_voxel_thick_and_whole():
    for seed in range(20):
        voxels = np.zeros((32, 32, 32), bool)
        voxels[:, 6:26, 20] = True  # a seat
        voxels[0, 6, :20] = voxels[31, 25, :20] = True  # two legs
        deformed, *_ = deform(voxels, drawn(seed))
        assert scipy.ndimage.label(deformed)[1] == 1
        top = np.argwhere(deformed)[:, 2].max()
        seat = deformed[..., top]
        assert not (seat & deformed[..., top - 1]).sum() > 2  # the legs'
        box = seat[np.ix_(seat.any(1), seat.any(0))]
        assert box.all()
        spans = np.ptp(np.argwhere(deformed), axis=0) + 1
        assert spans.max() == 32


def test_what_starts_at_the_low_corner_stays_there():
    voxels = np.zeros((16, 16, 16), bool)
    voxels[:10, :16, :4] = True
    for seed in range(5):
        deformed, *_ = deform(voxels, drawn(seed), centred=False)
        assert (np.argwhere(deformed).min(0) == 0).all()
        shifted = np.roll(voxels, (3, 0, 6), (0, 1, 2))
        found = np.argwhere(deform(shifted, drawn(seed))[0])
        middle = (found.min(0) + found.max(0) + 1) / 2
        assert np.abs(middle - [8, 8, 8]).max() <= 0.5


def test_mirror_images_stay_mirror_images():
    for seed in range(5):
        voxels = voxelize(chair(seed), 32)
        voxels |= voxels[::-1]
        deformed, *_ = deform(voxels, drawn(seed))
        # A voxel's centre at a border is rounded one way on both sides.
        assert agreement(deformed, deformed[::-1]) > 0.8


def test_the_scale_is_of_the_grid_in_the_box_that_is_seen():
    voxels = np.zeros((16, 16, 16), bool)
    voxels[2:6, 1:9, 3:5] = True  # 4 by 8 by 2; what is seen is half a voxel smaller
    seen = np.linalg.norm([3.5, 7.5, 1.5])
    assert deform(voxels, NOTHING)[2] == pytest.approx(16 / seen)
    # Twice as deep and half as high; the longest side stays, so all are half as large.
    stretch = dataclasses.replace(NOTHING, scales=np.array([1.0, 2.0, 0.5]))
    deformed, mesh, scale = deform(voxels, stretch)
    assert (np.ptp(np.argwhere(deformed), axis=0) + 1).tolist() == [2, 8, 2]
    sides = np.array([3.5, 2 * 7.5, 0.5 * 1.5])
    np.testing.assert_allclose(mesh.extents, sides)
    assert scale == pytest.approx(16 / np.linalg.norm(sides / 2))


@pytest.mark.parametrize("centred", [True, False])
def test_copies_are_seen_where_their_scale_says(centred):
    """What is seen lies within one cell of the voxels, inside of them on average."""
    for seed in range(8):
        voxels = voxelize(chair(seed), 32, centred=centred)
        deformed, mesh, scale = deform(voxels, drawn(seed), centred)
        _, middle = known_or_estimated(deformed, scale)
        cells = to_view_frame(np.argwhere(deformed) / 32, scale, middle)
        seen, cell = normalized(mesh).vertices, scale / 32
        beyond = np.array(
            [cells.min(0) - seen.min(0), seen.max(0) - cells.max(0) - cell]
        )
        assert (beyond < 0.5 * cell).all() and (beyond > -cell).all()
        assert (-0.6 * cell < beyond.mean()) and beyond.mean() < 0


def test_views_show_the_deformed_shape():
    camera = Camera(4)
    voxels = voxelize(chair(3), 32)
    job = voxels, (0, 1, 2), camera.views()
    deformed, views, cameras, _ = Deformer(ViewTaker(64))(job)
    np.testing.assert_allclose(cameras, numbers_of(camera.views()), rtol=1e-6)
    assert views.shape == (4, 64, 64) and views.dtype == np.uint8
    shown = render_views(boxes_mesh(deformed), camera, 64) < 250
    seen = views < 250
    original = render_views(boxes_mesh(voxels), camera, 64) < 250

    assert agreement(seen, shown) > 0.75
    assert agreement(seen, shown) > agreement(seen, original) + 0.1


@pytest.mark.parametrize("jitter", [False, True])
def test_copies_depend_on_their_seed_alone(jitter):
    voxels = voxelize(chair(0), 32)
    make, ring = Deformer(ViewTaker(32, jitter)), Camera(1).views()
    first, again, other = (
        make((voxels, seed, ring)) for seed in ((0, 1), (0, 1), (0, 2))
    )
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_cameras_do_not_tell_how_a_shape_was_stretched():
    """They once were drawn with the same random numbers."""
    seen = []

    class Noting:
        def __call__(self, mesh, cameras, rng):
            seen.append(rng.random(3))
            return None, None

    voxels = voxelize(chair(0), 16)
    make = Deformer(Noting())
    for seed in range(60):
        make((voxels, (seed,), []))
    scales = [np.log(drawn((seed,)).scales) for seed in range(60)]
    assert np.abs(np.corrcoef(np.array(seen).T, np.array(scales).T)[:3, 3:]).max() < 0.5
