"""What furniture stands on holds together."""

import numpy as np
import pytest
import scipy.ndimage
import trimesh

from data_prep.procedural_furniture import supports
from data_prep.procedural_furniture.draw import Draw
from data_prep.procedural_furniture.seats import Seat
from vaegan_jax.shapes.voxelize import voxelize


@pytest.mark.parametrize("form", ["square", "trapezoid"])
@pytest.mark.parametrize("name", sorted(supports.ON_CORNERS.keys() - {"legs"}))
def test_supports_are_in_one_piece_without_the_seat(name, form):
    seat = Seat(form, 0.5, 0.5, 0.04, 0.45)
    places = seat.places(0.03)
    for seed in range(6):
        draw = Draw(np.random.default_rng(seed))
        pieces = supports.ON_CORNERS[name](draw, places, seat.middle, 0.03)
        grid = voxelize(trimesh.util.concatenate(list(pieces)), 64)
        parts = scipy.ndimage.label(grid, np.ones((3, 3, 3)))[1]
        assert parts == 1, seed
