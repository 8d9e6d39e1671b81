import numpy as np
import pytest
import trimesh

from vaegan_jax.shapes.cameras import Camera, ViewCamera, numbers_of
from vaegan_jax.shapes.render import render_from
from vaegan_jax.shapes.visual_hull import surface, visual_hull
from vaegan_jax.shapes.voxelize import voxelize

# From all sides, also from below.
AROUND = [
    ViewCamera(float(azimuth), elevation)
    for azimuth in range(0, 360, 30)
    for elevation in (-60.0, 0.0, 60.0)
]


def hull_of(mesh, cameras, size=96):
    views = render_from(mesh, cameras, size)[..., None]
    return visual_hull(views, numbers_of(cameras), 32)


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.fixture(scope="module")
def table():
    """A plate on one leg."""
    plate = trimesh.creation.box((1.0, 0.7, 0.1)).apply_translation((0, 0, 0.35))
    leg = trimesh.creation.box((0.2, 0.2, 0.6))
    return trimesh.util.concatenate([plate, leg])


def test_from_everywhere_it_is_the_shape(table):
    truth = voxelize(table, 32, solid=True)
    hull = hull_of(table, AROUND)
    # Voxels that are just touched have their centres outside.
    assert overlap(hull, truth) > 0.6
    assert not (truth & ~surface(truth) & ~hull).any()
    assert (hull & ~truth).sum() < 0.15 * truth.sum()


def test_it_holds_the_shape_and_more_views_take_more_away(table):
    truth = voxelize(table, 32, solid=True)
    inner = truth & ~surface(truth)
    sizes = []
    for count in (1, 3, 12):
        hull = hull_of(table, Camera(count).views())
        sizes.append(hull.sum())
        assert (inner & ~hull).sum() <= 0.05 * max(1, inner.sum())
    assert sizes[0] > 1.5 * sizes[1] > 1.5 * sizes[2]


def test_the_surface_of_a_cube_by_hand():
    cube = np.zeros((8, 8, 8), bool)
    cube[2:6, 2:6, 2:6] = True
    assert surface(cube).sum() == 4**3 - 2**3
    assert not surface(cube)[3:5, 3:5, 3:5].any()


def test_empty_views_leave_nothing():
    white = np.full((2, 16, 16, 3), 255, np.uint8)
    assert not visual_hull(white, numbers_of(Camera(2).views()), 8).any()


def test_hulls_of_real_chairs(real_chairs):
    """From twelve views at 30° they hold the chairs, and much else."""
    for grid, views in real_chairs[:3]:
        hull = visual_hull(views[..., None], numbers_of(Camera().views()), 32)
        assert (grid & hull).sum() > 0.8 * grid.sum()
        assert 0.1 < overlap(surface(hull), grid) < 0.7
