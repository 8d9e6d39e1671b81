import numpy as np
import pytest
import trimesh

from vaegan_jax.shapes.mesh_writers import MESH_FORMATS, write_glb, write_mesh
from vaegan_jax.shapes.meshes import boxes_mesh, remove_small_parts, voxels_to_mesh


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


def fans_are_single(mesh) -> bool:
    """Whether the triangles round every vertex form one closed fan."""
    following = {}
    for face in mesh.faces.tolist():
        for i in range(3):
            vertex, start, end = face[i], face[i - 2], face[i - 1]
            if following.setdefault(vertex, {}).setdefault(start, end) != end:
                return False
    for fan in following.values():
        first = corner = next(iter(fan))
        for _ in fan:
            corner = fan.get(corner)
        if corner != first or len(_orbit(fan, first)) != len(fan):
            return False
    return True


def _orbit(fan, corner):
    seen = set()
    while corner not in seen:
        seen.add(corner)
        corner = fan[corner]
    return seen


NOISE = np.random.default_rng(0).random((16, 16, 16))


@pytest.mark.parametrize("smooth", [0, 10])
@pytest.mark.parametrize(
    "grid",
    [NOISE, NOISE > 0.5, np.round(NOISE * 10) / 10, NOISE**3],
    ids=["noise", "boolean", "at the threshold", "sparse"],
)
def test_surfaces_are_manifolds(grid, smooth):
    """Also where occupancies equal the threshold, where vertices would coincide."""
    mesh = voxels_to_mesh(grid, 0.4, smooth)
    assert mesh.is_watertight and mesh.is_winding_consistent and mesh.volume > 0
    assert fans_are_single(mesh)
    assert len(np.unique(mesh.vertices.astype(np.float32), axis=0)) == len(
        mesh.vertices
    )


def test_smoothing_rounds_off_the_steps_and_keeps_the_size():
    centres = (np.arange(24) + 0.5) / 24 - 0.5
    ball = sum(c**2 for c in np.meshgrid(centres, centres, centres)) < 0.3**2
    plain, smooth = voxels_to_mesh(ball), voxels_to_mesh(ball, smooth=10)
    for mesh in (plain, smooth):
        assert mesh.volume == pytest.approx(4 / 3 * np.pi * 0.3**3, rel=0.1)
    before, after = (m.face_adjacency_angles.std() for m in (plain, smooth))
    assert after < 0.5 * before
    np.testing.assert_array_equal(smooth.faces, plain.faces)


def test_small_parts_are_removed():
    grid = np.full((8, 8, 8), 0.1, np.float32)
    grid[1:4, 1:4, 1:4] = 0.9  # 27 voxels
    grid[4, 4, 4] = 0.8  # touches it at a corner: of the same part
    grid[6, 6, 6:8] = 0.7
    kept = remove_small_parts(grid, 0.5, 3)
    assert (kept[6, 6, 6:8] == 0).all()
    kept[6, 6, 6:8] = 0.7
    np.testing.assert_array_equal(kept, grid)
    assert not (remove_small_parts(grid, 0.5, 100) > 0.5).any()
    np.testing.assert_array_equal(remove_small_parts(grid, 0.5, 2), grid)


@pytest.mark.parametrize("kind", MESH_FORMATS)
def test_files_read_back_are_the_same_closed_mesh(kind, tmp_path, corner_grid):
    mesh = voxels_to_mesh(corner_grid, smooth=3)
    write_mesh(tmp_path / f"chair.{kind}", mesh)
    read = trimesh.load(tmp_path / f"chair.{kind}", force="mesh")
    assert read.is_watertight and read.is_winding_consistent
    assert len(read.faces) == len(mesh.faces)
    assert read.volume == pytest.approx(mesh.volume, rel=1e-4)
    if kind == "glb":  # y up, front towards +z
        turn = trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0])
        read.apply_transform(turn)
    np.testing.assert_allclose(read.bounds, mesh.bounds, atol=1e-6)


def test_other_formats_are_refused(tmp_path, corner_grid):
    with pytest.raises(ValueError, match="glb, obj, stl, ply"):
        write_mesh(tmp_path / "chair.fbx", boxes_mesh(corner_grid))
