"""Meshes and voxels turn alike."""

import numpy as np
import pytest
import trimesh

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.orientation import (
    AXES,
    find_turn,
    frame_turn,
    turn_grid,
    turn_mesh,
)
from vaegan_jax.shapes.voxel_files import read_binvox

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


@pytest.mark.parametrize("up", ["y", "z"])
@pytest.mark.parametrize("front", AXES)
def test_every_frame_that_there_is(up, front):
    if front.endswith(up):
        with pytest.raises(UserError, match=f"{up} is up and the front towards"):
            frame_turn(up, front)
        return
    turn = frame_turn(up, front)
    looks = np.eye(3)["xyz".index(front[-1])] * (-1 if front.startswith("-") else 1)
    np.testing.assert_array_equal(turn @ looks, [0, -1, 0])
    np.testing.assert_array_equal(turn @ np.eye(3)["xyz".index(up)], [0, 0, 1])
    assert np.linalg.det(turn) == pytest.approx(1)


def test_grids_of_3d_r2n2_have_their_backs_at_low_x(real_data):
    """y up, front towards x: our frame has the backs at high y."""
    for path in (real_data / "r2n2" / "ShapeNetVox32").rglob("*.binvox"):
        grid = turn_grid(read_binvox(path), frame_turn("y", "x"))
        levels = np.flatnonzero(grid.any((0, 1)))
        high = grid[:, :, levels[-3] :].sum(axis=(0, 2))
        depth = np.flatnonzero(grid.any((0, 2)))
        assert np.average(np.arange(32), weights=high) > depth.mean() + 4
