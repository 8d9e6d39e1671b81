import numpy as np
import pytest
import trimesh

from vaegan_jax.errors import UserError
from vaegan_jax.shapes import cells
from vaegan_jax.shapes.voxelize import (
    carve,
    fill_enclosed,
    max_pool,
    surface_voxels,
    voxelize,
)


def box(low, high):
    return trimesh.creation.box(bounds=[low, high])


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def test_a_box_by_hand():
    grid = voxelize(box([0, 0, 0], [8, 3.9, 1.9]), 8)
    expected = np.zeros((8, 8, 8), bool)
    expected[:, 2:6, 3:5] = True  # centred; two layers thick, so nothing is inside
    np.testing.assert_array_equal(grid, expected)


def test_without_centring_it_starts_at_zero():
    grid = voxelize(box([5, 5, 5], [13, 8.9, 6.9]), 8, centred=False)
    expected = np.zeros((8, 8, 8), bool)
    expected[:, :4, :2] = True
    np.testing.assert_array_equal(grid, expected)


def test_a_face_between_two_voxels_belongs_to_the_upper_one():
    sheet = trimesh.Trimesh([[0, 0, 3], [8, 0, 3], [0, 8, 3]], [[0, 1, 2]])
    grid = surface_voxels(np.asarray(sheet.triangles), 8)
    assert np.unique(np.argwhere(grid)[:, 2]).tolist() == [3]


def test_surface_is_hollow_and_solid_is_not():
    mesh = box([0, 0, 0], [1, 1, 1])
    surface, solid = voxelize(mesh, 8), voxelize(mesh, 8, solid=True)
    assert solid.all()
    assert not surface[1:-1, 1:-1, 1:-1].any()
    assert surface.sum() == 8**3 - 6**3


def test_axes_keep_their_order():
    # A pole along z at the corner of a plate in the xy plane, nearer x = 0 and y = 8.
    mesh = trimesh.util.concatenate(
        [box([0, 0, 0], [8, 8, 0.9]), box([0, 7.1, 0.8], [0.9, 8, 8])]
    )
    grid = voxelize(mesh, 8, solid=True)
    expected = np.zeros((8, 8, 8), bool)
    expected[:, :, 0] = True
    expected[0, 7, :] = True
    np.testing.assert_array_equal(grid, expected)


def test_thin_legs_survive():
    leg = box([0.49, 0.49, 0], [0.4901, 0.4901, 1])
    grid = voxelize(trimesh.util.concatenate([leg, box([0, 0, 0], [1, 1, 0.01])]), 32)
    assert grid.any(axis=(0, 1)).all()


@pytest.mark.parametrize("resolution", [16, 32])
def test_solid_volume_of_a_sphere(resolution):
    grid = voxelize(trimesh.creation.icosphere(4), resolution, solid=True)
    radius = resolution / 2
    # Every touched voxel counts, so the volume is that of a slightly larger sphere.
    low = 4 / 3 * np.pi * radius**3
    assert low < grid.sum() < 4 / 3 * np.pi * (radius + 0.8) ** 3


def test_overlapping_pieces_stay_solid():
    pieces = [box([0, 0, 0], [4, 4, 8]), box([1, 1, 1], [8, 3, 3])]
    grid = voxelize(trimesh.util.concatenate(pieces), 8, solid=True)
    assert grid[:4, 2:6, :].all()


def test_solid_with_a_hole_in_the_mesh():
    ball = trimesh.creation.icosphere(4)
    closed = voxelize(ball, 32, solid=True)
    ball.update_faces(ball.triangles_center[:, 0] < 0.95)
    assert not ball.is_watertight
    assert overlap(voxelize(ball, 32, solid=True), closed) > 0.85


def test_surface_is_exact_on_random_triangles():
    """Dense samples of triangles lie in marked voxels, and few others are marked."""
    rng = np.random.default_rng(0)
    triangles = rng.uniform(0, 12, (30, 3, 3))
    weights = rng.dirichlet([0.7, 0.7, 0.7], 60_000)
    for triangle in triangles:
        marked = surface_voxels(triangle[None], 12)
        cells = np.floor(weights @ triangle).astype(int)
        touched = np.zeros_like(marked)
        touched[tuple(cells.T)] = True
        assert not (touched & ~marked).any()
        assert (marked & ~touched).sum() <= 0.05 * marked.sum() + 1


def test_many_large_triangles_are_marked_in_parts(monkeypatch):
    mesh = trimesh.creation.icosphere(2)
    whole = voxelize(mesh, 16)
    solid = voxelize(mesh, 16, solid=True)
    monkeypatch.setattr(cells, "_CELLS_AT_ONCE", 50)
    np.testing.assert_array_equal(voxelize(mesh, 16), whole)
    np.testing.assert_array_equal(voxelize(mesh, 16, solid=True), solid)


def test_filling_and_carving_by_hand():
    shell = np.ones((5, 5, 5), bool)
    shell[1:4, 1:4, 1:4] = False
    assert fill_enclosed(shell).all() and carve(shell).all()
    shell[2, 3, 4] = False  # a hole that no axis through the middle passes
    assert fill_enclosed(shell).sum() == shell.sum()
    assert carve(shell).sum() == 125 - 4  # all but the column below the hole


@pytest.mark.parametrize("corner", [(0, 0, 0), (1, 3, 2)])
def test_carving_is_what_each_voxel_sees_along_the_axes(corner):
    # A sparse shape in a part of a grid, of sizes that are no multiples of eight.
    grid = np.zeros((13, 17, 11), bool)
    shape = np.random.default_rng(0).random((9, 12, 7)) < 0.3
    grid[tuple(slice(c, c + n) for c, n in zip(corner, shape.shape, strict=True))] = (
        shape
    )
    expected = np.zeros_like(grid)
    for x, y, z in np.ndindex(grid.shape):
        lines = grid[:, y, z], grid[x, :, z], grid[x, y, :]
        ends = zip(lines, (x, y, z), strict=True)
        expected[x, y, z] = all(
            line[: at + 1].any() and line[at:].any() for line, at in ends
        )
    assert 0 < expected.sum() < grid.size
    np.testing.assert_array_equal(carve(grid), expected)


@pytest.mark.parametrize("fill", [carve, fill_enclosed])
def test_an_empty_grid_stays_empty(fill):
    assert not fill(np.zeros((4, 5, 6), bool)).any()


def test_max_pool_by_hand():
    grid = np.zeros((4, 4, 4), bool)
    grid[3, 0, 1] = True
    expected = np.zeros((2, 2, 2), bool)
    expected[1, 0, 0] = True
    np.testing.assert_array_equal(max_pool(grid, 2), expected)


def test_impossible_resolution_is_refused():
    with pytest.raises(ValueError, match="resolution is 0"):
        voxelize(box([0, 0, 0], [1, 1, 1]), 0)


def test_an_unknown_method_is_refused():
    with pytest.raises(UserError, match='method is "fast"; give "exact", "carve"'):
        voxelize(box([0, 0, 0], [1, 1, 1]), method="fast")


@pytest.mark.parametrize("method", ["exact", "carve", "shapenet"])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_scale_and_place_do_not_matter(method, scale):
    ball = trimesh.creation.icosphere(3)
    # trimesh's own processing would make one point of what is smaller than 1e-8.
    other = trimesh.Trimesh((ball.vertices + 7) * scale, ball.faces, process=False)
    for solid in (False, True):
        a, b = (voxelize(m, 16, solid=solid, method=method) for m in (ball, other))
        assert overlap(a, b) > 0.99


def test_every_method_agrees_on_a_closed_solid():
    ball = trimesh.creation.icosphere(4)
    exact, carved, shapenet = (
        voxelize(ball, 32, solid=True, method=method)
        for method in ("exact", "carve", "shapenet")
    )
    assert not (carved & ~exact).any() and overlap(carved, exact) > 0.95
    assert overlap(carved, shapenet) > 0.99


def test_scenes_of_many_objects_and_degenerate_faces():
    parts = [box([i, 0, 0], [i + 0.9, 1, 1 + i]) for i in range(4)]
    scene = trimesh.Scene(parts).to_mesh()
    degenerate = np.array([[0, 0, 0], [1, 1, 2], [3, 3, 3]])
    broken = trimesh.Trimesh(
        scene.vertices, np.concatenate([scene.faces, degenerate]), process=False
    )
    for solid in (False, True):
        whole = voxelize(scene, 16, solid=solid)
        np.testing.assert_array_equal(voxelize(broken, 16, solid=solid), whole)
