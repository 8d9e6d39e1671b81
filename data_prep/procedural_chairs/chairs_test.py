"""Chairs: always the same, in one piece, upright, and unlike each other."""

import dataclasses
import functools

import numpy as np
import pytest
import scipy.ndimage

from data_prep.procedural_chairs import parameters
from data_prep.procedural_chairs.chairs import build_chair
from data_prep.procedural_chairs.make_example import ChairMaker
from data_prep.procedural_chairs.parameters import sample_parameters
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.voxelize import voxelize

COUNT = 80


@functools.cache
def grids():
    chairs = [build_chair(sample_parameters(i)) for i in range(COUNT)]
    return [voxelize(chair, 32, solid=True, oversample=2) for chair in chairs]


def test_a_chair_is_always_the_same():
    maker = ChairMaker(16, 16, Camera(2))
    a, b = maker(7), maker(7)
    assert a.parameters == b.parameters and a.shape.views == b.shape.views
    np.testing.assert_array_equal(a.shape.voxels, b.shape.voxels)
    # These numbers stay: a change means that everybody's chairs change, and needs a
    # new version of the data set.
    assert (a.parameters.kind, a.parameters.base) == ("chair", "disc")
    assert (a.parameters.seat_width, a.parameters.arm_width) == (0.4223, 0.0793)


def test_another_seed_gives_other_chairs():
    assert sample_parameters(7) != sample_parameters(7, seed=1)


@pytest.mark.slow
def test_a_thousand_of_the_twelve_hundred_differ_visibly():
    """Of a sample, nearly all have an IoU below 0.95 with every other."""
    assert len({sample_parameters(i) for i in range(1200)}) == 1200
    flat = np.stack(grids()).reshape(COUNT, -1).astype(np.float32)
    both = flat @ flat.T
    filled = flat.sum(axis=1)
    iou = both / (filled[:, None] + filled - both)
    np.fill_diagonal(iou, 0)
    assert (iou.max(axis=1) < 0.95).mean() > 0.95


def test_every_form_occurs():
    sampled = [sample_parameters(i) for i in range(1200)]
    for field, values in (
        ("kind", parameters.KINDS),
        ("base", parameters.BASES),
        ("back", parameters.BACKS),
        ("arms", parameters.ARMS),
        ("seat", parameters.SEATS),
    ):
        counts = [sum(getattr(p, field) == value for p in sampled) for value in values]
        assert min(counts) > 30, (field, counts)


def test_chairs_are_in_one_piece_and_stand_on_the_floor():
    neighbours = np.ones((3, 3, 3))
    for i, grid in enumerate(grids()):
        assert scipy.ndimage.label(grid, neighbours)[1] == 1, f"chair {i} falls apart"
        assert grid[:, :, : len(grid) // 2].any(), i
        assert 0.01 < grid.mean() < 0.35, i


def test_backs_are_towards_plus_y_and_sides_alike():
    with_back = [
        grid
        for i, grid in enumerate(grids())
        if sample_parameters(i).back != "none" and sample_parameters(i).kind == "chair"
    ]
    mean = np.mean(with_back, axis=0)
    high = mean[:, :, 24:].sum(axis=(0, 2))
    assert high[16:].sum() > 5 * high[:16].sum()
    assert np.abs(mean - mean[::-1]).sum() < 0.1 * mean.sum()


@pytest.mark.parametrize("back", parameters.BACKS)
@pytest.mark.parametrize("base", parameters.BASES)
def test_every_combination_is_closed(base, back):
    for arms in parameters.ARMS:
        for seat in parameters.SEATS:
            chair = dataclasses.replace(
                sample_parameters(0), base=base, back=back, arms=arms, seat=seat
            )
            mesh = build_chair(chair)
            assert mesh.is_watertight and mesh.is_winding_consistent
            assert mesh.bounds[0, 2] == pytest.approx(0, abs=0.03)
