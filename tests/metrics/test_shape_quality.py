import numpy as np
import pytest
import scipy.ndimage

from vaegan_jax.metrics import shape_quality as q


def grid(*boxes, side=12):
    """A grid of boxes, each of three slices; as a set of one."""
    filled = np.zeros((1, side, side, side), bool)
    for box in boxes:
        filled[0][box] = True
    return filled


def cells(*slices):
    return tuple(slice(*s) if isinstance(s, tuple) else s for s in slices)


SEAT = cells((2, 8), (2, 8), 5)
LEGS = [cells(x, y, (0, 5)) for x in (2, 7) for y in (2, 7)]
BUMP = cells(4, 4, 6)


def test_a_thin_seat_on_thin_legs_has_no_fault():
    chair = grid(SEAT, *LEGS, side=10)
    for measure in (q.burrs, q.pits, q.falls, q.asymmetry):
        assert measure(chair) == [0]
    assert not q.small_parts(chair).any()


def test_a_bump_is_a_burr_on_what_is_thin_and_on_what_is_thick():
    assert q.burrs(grid(SEAT, BUMP)) == [1 / 37]
    # Of a block 3 cells thick, 4 × 4 are inside, and one more below the bump.
    block = cells((2, 8), (2, 8), (3, 6))
    assert q.burrs(grid(block)) == [0]
    assert q.burrs(grid(block, BUMP)) == [1 / (3 * 36 - 16 - 1 + 1)]


def test_lines_of_five_cells_are_legs_and_shorter_ones_are_burrs():
    slanted = grid()
    slanted[0, range(5), range(3, 8), range(5)] = True
    assert q.burrs(slanted) == [0] and q.burrs(grid(LEGS[0])) == [0]
    assert q.burrs(grid(cells(2, 2, (0, 4)))) == [1]


def test_a_hole_is_a_pit_and_a_slit_is_none():
    seat = grid(SEAT)
    seat[0, 4, 4, 5] = False
    assert q.pits(seat) == [1 / 35] and q.burrs(seat) == [0]
    block = grid(cells((2, 8), (2, 8), (5, 8)))
    block[0, 4, 4, 7] = False
    # Below the hole, another cell comes to the surface.
    assert q.pits(block) == [1 / (3 * 36 - 16 - 1 + 1)] and q.burrs(block) == [0]
    slit = grid(SEAT)
    slit[0, 4, 3:6, 5] = False
    assert q.pits(slit) == [0]


def test_corners_by_hand():
    # On the surface of a box of 8³ cells are 9³ - 7³ points of the grid, 8 of them
    # corners.
    assert q.corners(grid(cells((2, 10), (2, 10), (2, 10)))) == [8 / (9**3 - 7**3)]
    assert q.corners(grid(cells(3, 3, 3))) == [1]
    # A step along one edge, as slopes have, is no corner but at its ends.
    stair = grid(cells((2, 10), (2, 10), (0, 4)), cells((2, 6), (2, 10), (4, 8)))
    # 12 corners of an L-shaped prism; points: of both ends 61, of 7 layers 32.
    ends, round_it = 9 * 5 + 5 * 4, 32
    assert q.corners(stair) == pytest.approx([12 / (2 * ends + 7 * round_it)])


@pytest.mark.parametrize(
    "boxes, falls",
    [
        ([SEAT, *LEGS], 0),
        ([SEAT, *LEGS[:3], cells(7, 7, (1, 5))], 0),  # a leg ends a cell above ground
        ([SEAT, *LEGS[:1]], 1),  # the centre is not above the leg
        ([SEAT, *LEGS, cells(5, 5, 9)], 1),  # a voxel hangs in the air
        ([cells(5, 5, (0, 9))], 0),
        ([cells(2, (2, 6), 0), cells(2, (8, 11), 0)], 0),  # two parts, both on ground
        ([cells((1, 9), 3, 4), cells(1, 3, (0, 4)), cells(8, 3, (0, 4))], 0),
    ],
)
def test_what_stands_and_what_falls(boxes, falls):
    assert q.falls(grid(*boxes)) == [falls]


def test_asymmetry_is_of_left_and_right():
    half = grid(cells((0, 6), 1, 1))
    assert q.asymmetry(half) == [1]
    assert q.asymmetry(grid(cells((0, 9), 1, 1))) == [1 - 6 / 12]
    assert q.asymmetry(grid(cells((3, 9), 1, 1), cells((3, 9), 8, 3))) == [0]


def test_small_parts_are_small_beside_the_largest_of_their_shape():
    shape = grid(cells((0, 5), (0, 4), 0), cells(9, 9, 9), cells(7, 7, (4, 6)))
    assert np.argwhere(q.small_parts(shape)).tolist() == []  # 1 of 20 is 5 %
    shape[0, 5, 0, 0] = True
    assert np.argwhere(q.small_parts(shape)).tolist() == [[0, 9, 9, 9]]
    assert q.quality(shape)["small_parts"] == 1 / 24


def test_an_empty_shape_has_every_fault():
    nothing = q.quality(grid())
    assert nothing.pop("small_parts") == 0
    assert set(nothing.values()) == {1}


def salted(grids, share, rng):
    """With that share of the cells on both sides of the surface turned over."""
    face = scipy.ndimage.generate_binary_structure(3, 1)[None]
    inside = grids & ~scipy.ndimage.binary_erosion(grids, face)
    outside = scipy.ndimage.binary_dilation(grids, face) & ~grids
    return grids ^ ((inside | outside) & (rng.random(grids.shape) < share))


def test_raggedness_rises_with_noise_on_the_surfaces_of_real_chairs(real_chairs):
    chairs = np.stack([shape for shape, _ in real_chairs])
    rng = np.random.default_rng(0)
    noisy = [salted(chairs, share, rng) for share in (0, 0.01, 0.03, 0.1, 0.2)]
    for measure in (q.burrs, q.pits, q.corners):
        values = np.array([measure(grids) for grids in noisy])
        assert (np.diff(values.mean(1)) > 0.002).all()
        assert (values[-1] > values[0]).all()
    assert q.burrs(chairs).mean() < 0.002
