import numpy as np
import pytest

from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.directions import likeliest_azimuths
from vaegan_jax.shapes.meshes import boxes_mesh, voxels_to_mesh
from vaegan_jax.shapes.render import render_views


def test_azimuths_are_found(corner_grid):
    mesh = boxes_mesh(corner_grid)
    views = render_views(mesh, Camera(num_views=8), 96)[..., None]
    np.testing.assert_allclose(likeliest_azimuths(views, mesh), np.arange(8) * 45.0)


def test_azimuths_of_real_views_are_found(real_chairs):
    found = [
        likeliest_azimuths(views[..., None], voxels_to_mesh(grid))
        for grid, views in real_chairs[:3]
    ]
    np.testing.assert_allclose(found, np.tile(np.arange(12) * 30.0, (3, 1)))


@pytest.mark.parametrize("size", [16, 200])
def test_views_of_any_size(corner_grid, size):
    mesh = boxes_mesh(corner_grid)
    views = render_views(mesh, Camera(num_views=4), size)[..., None]
    found = likeliest_azimuths(views, mesh)
    assert np.abs((found - np.arange(4) * 90 + 180) % 360 - 180).max() <= 15
