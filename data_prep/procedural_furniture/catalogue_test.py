"""Shapes of every family: valid, always the same, and unlike each other."""

import collections
import functools

import numpy as np
import pytest
import scipy.ndimage

from data_prep.making.parallel import parallel_map
from data_prep.procedural_furniture.catalogue import FAMILIES, build, family_of
from data_prep.procedural_furniture.chairs import KINDS
from data_prep.procedural_furniture.make_example import FurnitureMaker
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.voxelize import voxelize

COUNT = 24  # of each family


@functools.cache
def pieces(family):
    return [build(i, families=(family,)) for i in range(COUNT)]


@functools.cache
def grids(family):
    return np.array([voxelize(piece.mesh, 32) for piece in pieces(family)])


@pytest.mark.parametrize("family", FAMILIES)
def test_shapes_are_closed_in_one_piece_and_stand_on_the_floor(family):
    for i, (piece, grid) in enumerate(zip(pieces(family), grids(family), strict=True)):
        assert piece.family == family
        assert piece.mesh.is_watertight and piece.mesh.is_winding_consistent, i
        assert np.isfinite(piece.mesh.vertices).all()
        assert piece.mesh.bounds[0, 2] == pytest.approx(0, abs=1e-9)
        parts = scipy.ndimage.label(grid, np.ones((3, 3, 3)))[1]
        assert parts == 1, f"{family} {i} is in {parts} parts"
        assert 0.005 < grid.mean() < 0.5, i
        # The longest side spans the grid, and no other leaves it.
        spans = [np.ptp(np.nonzero(grid)[axis]) + 1 for axis in range(3)]
        assert max(spans) == 32


@pytest.mark.parametrize("family", FAMILIES)
def test_shapes_differ(family):
    flat = grids(family).reshape(COUNT, -1).astype(np.float32)
    both, filled = flat @ flat.T, flat.sum(axis=1)
    iou = both / (filled[:, None] + filled - both)
    np.fill_diagonal(iou, 0)
    assert np.median(iou.max(axis=1)) < 0.75, "they are much alike"
    assert iou.max() < 0.99, "two are the same"


def test_chairs_look_towards_minus_y():
    backs = [
        grid[:, :, 24:].sum(axis=(0, 2))
        for piece, grid in zip(pieces("chair"), grids("chair"), strict=True)
        if piece.parameters["kind"] in ("dining", "swivel", "sled")
    ]
    mean = np.mean(backs, axis=0)
    assert len(backs) > 5 and mean[16:].sum() > 3 * mean[:16].sum()


def test_every_family_and_every_kind_of_chair_occurs():
    families = collections.Counter(
        family_of(i, 0, tuple(FAMILIES)) for i in range(2000)
    )
    assert set(families) == set(FAMILIES) and min(families.values()) > 60
    assert families["chair"] == max(families.values())
    chairs = [build(i, families=("chair",)).parameters["kind"] for i in range(160)]
    assert set(chairs) == set(KINDS)


def test_these_shapes_stay():
    """A change changes everybody's, and needs a new version of the data set."""
    chair, bench = build(7), build(12)
    assert (chair.family, bench.family) == ("chair", "bench")
    assert chair.parameters["kind"] == "dining" and len(chair.mesh.faces) == 596
    sizes = chair.parameters["seat_width"], bench.parameters["seat_width"]
    assert sizes == (0.4783, 1.3278)
    np.testing.assert_allclose(
        chair.mesh.bounds, [[-0.2186, -0.1704, 0], [0.2186, 0.1704, 0.837]], atol=1e-4
    )


def test_another_seed_or_number_gives_another_shape():
    shape = build(3).parameters
    assert build(3).parameters == shape
    assert build(3, seed=1).parameters != shape != build(4).parameters
    assert len({str(build(i).parameters) for i in range(60)}) == 60


def test_shapes_are_the_same_in_every_process():
    maker = FurnitureMaker(16, False, 16, Camera(1), 0, tuple(FAMILIES))
    alone = list(map(maker, range(24)))
    together = parallel_map(maker, range(24), "making furniture", processes=2)
    for a, b in zip(alone, together, strict=True):
        assert (a.name, a.piece.parameters) == (b.name, b.piece.parameters)
        np.testing.assert_array_equal(a.shape.voxels, b.shape.voxels)
        assert a.shape.views == b.shape.views and a.shape.scale == b.shape.scale
