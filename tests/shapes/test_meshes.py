import numpy as np
import pytest
import trimesh

from vaegan_jax.shapes import boxes_mesh, voxels_to_mesh, write_glb


def test_marching_cubes_of_a_cube():
    grid = np.zeros((16, 16, 16), bool)
    grid[4:12, 4:12, 2:6] = True
    mesh = voxels_to_mesh(grid)
    assert mesh.is_watertight and mesh.is_winding_consistent
    np.testing.assert_allclose(
        mesh.bounds, [[-0.25, -0.25, -0.375], [0.25, 0.25, -0.125]], atol=1e-6
    )
    # Its edges are bevelled, so it holds a little less than the voxels.
    assert 0.9 * grid.mean() < mesh.volume < grid.mean()


def test_marching_cubes_of_a_ball_is_smooth():
    centres = (np.arange(32) + 0.5) / 32 - 0.5
    radius = np.sqrt(sum(c**2 for c in np.meshgrid(centres, centres, centres)))
    mesh = voxels_to_mesh(1 / (1 + np.exp((radius - 0.3) * 100)))
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * 0.3**3, rel=0.02)
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), 0.3, atol=0.005)


def test_noise_and_full_grids_are_closed():
    noise = np.random.default_rng(0).random((16, 16, 16))
    for grid in (noise > 0.5, noise, np.ones((4, 4, 4), bool)):
        mesh = voxels_to_mesh(grid)
        assert mesh.is_watertight and mesh.volume > 0


def test_threshold():
    grid = np.full((4, 4, 4), 0.3)
    with pytest.raises(ValueError, match=r"highest occupancy is 0.3: use a lower"):
        voxels_to_mesh(grid)
    assert voxels_to_mesh(grid, 0.2).volume > 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        voxels_to_mesh(grid, 1.5)


def test_boxes_have_the_volume_and_area_of_the_voxels(corner_grid):
    mesh = boxes_mesh(corner_grid)
    assert mesh.volume == pytest.approx(corner_grid.sum() / 8**3)
    steps = [np.diff(np.pad(corner_grid, 1).astype(int), axis=a) for a in range(3)]
    exposed = sum(np.abs(step).sum() for step in steps)
    assert mesh.area == pytest.approx(exposed / 8**2)
    assert mesh.is_winding_consistent


def test_a_single_voxel_is_where_it_should_be():
    grid = np.zeros((4, 4, 4), bool)
    grid[3, 0, 1] = True
    np.testing.assert_allclose(
        boxes_mesh(grid).bounds, [[0.25, -0.5, -0.25], [0.5, -0.25, 0.0]]
    )


def test_nothing_has_no_boxes():
    assert len(boxes_mesh(np.zeros((4, 4, 4), bool)).faces) == 0


def test_grids_must_be_cubes():
    with pytest.raises(ValueError, match=r"not \(2, 3, 4\)"):
        boxes_mesh(np.ones((2, 3, 4), bool))


def test_glb_is_y_up(tmp_path, corner_grid):
    mesh = boxes_mesh(corner_grid)
    write_glb(tmp_path / "chair.glb", mesh)
    read = trimesh.load(tmp_path / "chair.glb", force="mesh")
    (x0, y0, z0), (x1, y1, z1) = mesh.bounds
    np.testing.assert_allclose(read.bounds, [[x0, z0, -y1], [x1, z1, -y0]], atol=1e-6)
    assert read.volume == pytest.approx(mesh.volume, rel=1e-4)
