"""Chairs with the legs of others hang together, and are both of their parents."""

import numpy as np
import pytest
import scipy.ndimage

from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.parameters import sample_parameters
from data_prep.recombination import recombine
from vaegan_jax.shapes import voxelize


def four_legs():
    """A seat of 20 × 20 in layer 14, a back behind it and legs from layer 2."""
    grid = np.zeros((32, 32, 32), bool)
    grid[6:26, 6:26, 14] = True
    grid[6:26, 25, 14:30] = True
    for x in (6, 25):
        for y in (6, 25):
            grid[x, y, 2:14] = True
    return grid


def one_leg():
    """A seat of 10 × 10 in layer 7, on a column from a plate in layer 0; no back."""
    grid = np.zeros((32, 32, 32), bool)
    grid[10:20, 12:22, 7] = True
    grid[14:16, 16:18, :7] = True
    grid[12:18, 14:20, 0] = True
    grid[10, 12:22, 8:20] = True
    return grid


def test_the_legs_of_one_below_the_seat_of_another():
    grid = recombine(four_legs(), one_leg())
    assert np.array_equal(grid[..., 14:], four_legs()[..., 14:])
    assert not grid[..., :2].any()
    below = grid[..., 2:14]
    # Twice as wide and 12 / 7 as high. The centres of two voxels, 14.5 and 15.5, come
    # to lie at 15 and 17.
    column = np.zeros((32, 32), bool)
    column[15:18, 15:18] = True
    for layer in range(3, 12):
        assert np.array_equal(below[..., layer], column), layer
    plate = np.argwhere(below[..., 0])
    assert plate.min(0).tolist() == [11, 11] and plate.max(0).tolist() == [21, 21]

    other_way = recombine(one_leg(), four_legs())
    assert np.array_equal(other_way[..., 7:], one_leg()[..., 7:])
    corners = {(x, y) for x in (10, 19) for y in (12, 21)}
    for layer in range(7):
        assert set(map(tuple, np.argwhere(other_way[..., layer]))) == corners


def test_a_chair_with_its_own_legs_is_itself():
    for chair in (four_legs(), one_leg()):
        assert np.array_equal(recombine(chair, chair), chair)


def test_a_shell_is_not_cut_through():
    chair = four_legs()
    chair[6:26, 6:26, 14] = False
    chair[6:26, 6, 14:16] = chair[6:26, 25, 14:16] = True  # its rim, and its bottom
    chair[6:26, 7:25, 12] = True
    chair[6:26, [6, 24], 13] = True
    assert np.array_equal(recombine(chair, one_leg())[..., 12:], chair[..., 12:])


def test_what_does_not_fit():
    legless = np.zeros((32, 32, 32), bool)
    legless[8:24, 8:24, :10] = True
    floating = four_legs()
    floating[..., 8:14] = False
    assert recombine(legless, four_legs()) is None
    assert recombine(four_legs(), legless) is None
    assert recombine(four_legs(), floating) is None


@pytest.mark.parametrize("seed", range(20))
def test_procedural_chairs(seed):
    upper, lower = (
        voxelize(build_chair(sample_parameters(2 * seed + i, 0)), 32) for i in (0, 1)
    )
    grid = recombine(upper, lower)
    if grid is None:
        pytest.skip("these two do not meet")
    assert scipy.ndimage.label(grid, np.ones((3, 3, 3)))[1] == 1
    top = np.flatnonzero(upper.any((0, 1)))[-1]
    assert np.array_equal(grid[..., top], upper[..., top])
    bottom = np.flatnonzero(upper.any((0, 1)))[0]
    assert np.flatnonzero(grid.any((0, 1)))[0] == bottom
