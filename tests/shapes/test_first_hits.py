import numpy as np
import pytest
import trimesh

from vaegan_jax.shapes.cameras import Camera, ViewCamera
from vaegan_jax.shapes.first_hits import first_hits

BOTH = pytest.mark.parametrize(
    "embree",
    [
        pytest.param(
            True,
            marks=pytest.mark.skipif(
                not trimesh.ray.has_embree, reason="embreex is not installed"
            ),
        ),
        False,
    ],
)


@BOTH
def test_the_nearer_of_two_squares_by_hand(embree):
    corners = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]], float)
    near, far = corners * 0.1, corners * 0.3
    near[:, 1], far[:, 1] = -0.2, 0.3
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    mesh = trimesh.Trimesh(
        np.concatenate([far, near]), np.concatenate([faces, faces + 4]), process=False
    )
    camera = ViewCamera(elevation_degrees=0.0)
    hits = first_hits(mesh, camera, 9, embree)
    seen = np.full(81, -1)
    seen[hits.hit] = hits.faces // 2
    seen = seen.reshape(9, 9)
    assert seen[4, 4] == 1 and seen[2, 4] == 0 and seen[0, 4] == -1
    depth = np.full(81, np.nan)
    depth[hits.hit] = hits.depth
    assert depth.reshape(9, 9)[4, 4] == pytest.approx(2.4)
    np.testing.assert_array_equal(seen, seen[::-1])
    np.testing.assert_array_equal(seen, seen[:, ::-1])


@pytest.mark.skipif(not trimesh.ray.has_embree, reason="embreex is not installed")
def test_rasterising_agrees_with_embree():
    knot = trimesh.creation.torus(0.3, 0.1)
    mesh = trimesh.util.concatenate([knot, trimesh.creation.box((0.2, 0.9, 0.1))])
    for camera in Camera(num_views=5).views():
        a, b = (first_hits(mesh, camera, 120, embree) for embree in (True, False))
        assert (a.hit != b.hit).mean() < 1e-3
        depths = np.zeros((2, 120 * 120))
        depths[0, a.hit], depths[1, b.hit] = a.depth, b.depth
        # Single pixels at silhouettes may fall to either side.
        assert (np.abs(depths[0] - depths[1]) > 1e-4).mean() < 2e-3


@BOTH
def test_what_is_outside_the_image_is_not_seen(embree):
    mesh = trimesh.creation.box((10, 0.1, 10))
    camera = ViewCamera(elevation_degrees=0.0)
    hits = first_hits(mesh, camera, 16, embree)
    assert hits.hit.all()
    aside = mesh.apply_translation([20, 0, 0])
    assert not first_hits(aside, camera, 16, embree).hit.any()
