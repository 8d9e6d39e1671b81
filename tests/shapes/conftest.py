"""Grids that several tests look at."""

import numpy as np
import pytest


@pytest.fixture
def corner_grid() -> np.ndarray:
    """An asymmetric 8³ grid: no rotation or mirroring maps it to itself."""
    grid = np.zeros((8, 8, 8), bool)
    grid[1:7, 2:6, 1:3] = True
    grid[1:7, 5, 3:7] = True
    grid[1, 2, 3:5] = True
    return grid
