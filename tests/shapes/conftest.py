"""Real chairs for the tests that want them, and a few grids."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from vaegan_jax.shapes.voxel_files import read_binvox


@pytest.fixture(scope="session")
def real_chairs(real_data) -> list[tuple[np.ndarray, np.ndarray]]:
    """A few real chairs: grids (x, y, z) and views (12, h, w)."""
    chairs = []
    with (
        zipfile.ZipFile(real_data / "modelnet10_chairs_binvox32.zip") as grids,
        tarfile.open(real_data / "modelnet40v1png_chairs.tar") as images,
    ):
        for number in (2, 10, 59, 100, 300, 500, 700):
            name = f"chair/train/chair_{number:04d}"
            views = []
            for k in range(1, 13):
                file = images.extractfile(f"modelnet40v1png/{name}_{k:03d}.png")
                views.append(np.asarray(Image.open(io.BytesIO(file.read()))))
            grid = read_binvox(grids.read(f"{name}.binvox"))
            chairs.append((grid, np.stack(views)))
    return chairs


@pytest.fixture
def corner_grid() -> np.ndarray:
    """An asymmetric 8³ grid: no rotation or mirroring maps it to itself."""
    grid = np.zeros((8, 8, 8), bool)
    grid[1:7, 2:6, 1:3] = True
    grid[1:7, 5, 3:7] = True
    grid[1, 2, 3:5] = True
    return grid
