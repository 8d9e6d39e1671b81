"""Functions of voxel grids take no probabilities for occupancy, and no bytes."""

import numpy as np
import pytest

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.drawing import draw_voxels
from vaegan_jax.shapes.meshes import boxes_mesh, voxels_to_mesh
from vaegan_jax.shapes.voxel_files import encode_binvox, read_binvox, write_binvox

TAKE_OCCUPANCY = (boxes_mesh, draw_voxels, encode_binvox)


@pytest.mark.parametrize("function", TAKE_OCCUPANCY, ids=lambda one: one.__name__)
def test_what_is_no_occupancy_is_refused(function, corner_grid):
    probabilities = np.where(corner_grid, 0.9, 0.02).astype(np.float32)
    for grid, message in (
        (probabilities, r"not of float32 from 0\.02 to 0\.9; give what is occupied"),
        (corner_grid * np.uint8(255), "not of uint8 from 0 to 255"),
        (probabilities * np.nan, "not of float32 from nan"),
        (corner_grid[:4], r"is a cube \(x, y, z\), not \(4, 8, 8\)"),
        (corner_grid.astype(str), "not of <U5"),
    ):
        with pytest.raises(UserError, match=message):
            function(grid)


def test_ones_and_zeros_of_any_type_are_taken(corner_grid, tmp_path):
    for dtype in (np.uint8, np.int64, np.float32):
        write_binvox(tmp_path / "a.binvox", corner_grid.astype(dtype))
        np.testing.assert_array_equal(read_binvox(tmp_path / "a.binvox"), corner_grid)
        assert len(boxes_mesh(corner_grid.astype(dtype)).faces) == len(
            boxes_mesh(corner_grid).faces
        )


def test_meshes_are_of_probabilities(corner_grid):
    for grid in (corner_grid * 4.0 - 2, corner_grid * np.uint8(255)):
        with pytest.raises(UserError, match="Occupancy is from 0 to 1, not of "):
            voxels_to_mesh(grid)
    with pytest.raises(
        UserError, match="Occupancy is from 0 to 1, not of float64 from n"
    ):
        voxels_to_mesh(np.full((4, 4, 4), np.nan))
