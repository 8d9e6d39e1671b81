"""Meshes and voxels turn alike."""

import numpy as np
import pytest
import trimesh

from vaegan_jax.shapes.orientation import find_turn, turn_grid, turn_mesh

KINDS = [(".off", None), (".off", "y"), (".glb", None), (".GLTF", "y"), (".glb", "z")]


@pytest.mark.parametrize("suffix, up", KINDS)
def test_a_voxel_goes_where_its_middle_goes(suffix, up):
    turn = find_turn(suffix, up)
    grid = np.zeros((4, 4, 4), bool)
    grid[0, 1, 3] = True
    middle = trimesh.Trimesh([np.array([0.5, 1.5, 3.5]) - 2], process=False)
    (expected,) = turn_mesh(middle, turn).vertices + 2 - 0.5
    np.testing.assert_array_equal(np.argwhere(turn_grid(grid, turn)), [expected])


@pytest.mark.parametrize(
    "suffix, up, axis, front",
    [
        (".off", "z", 2, (0, -1, 0)),
        (".obj", "y", 1, (0, 0, -1)),
        (".glb", None, 1, (0, 0, 1)),
        (".obj", None, 2, (0, -1, 0)),
    ],
)
def test_what_is_up_and_in_front(suffix, up, axis, front):
    turn = find_turn(suffix, up)
    np.testing.assert_array_equal(turn @ np.eye(3)[axis], [0, 0, 1])
    np.testing.assert_array_equal(turn @ front, [0, -1, 0])
    assert np.linalg.det(turn) == pytest.approx(1)  # no mirror
