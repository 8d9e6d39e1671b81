"""The model that comes with the library."""

import jax.numpy as jnp
import numpy as np
import pytest

import vaegan_jax
from data_prep.procedural_furniture.catalogue import build
from vaegan_jax.inference.camera_estimates import CameraEstimator
from vaegan_jax.metrics.reconstruction import intersection_over_union
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.render import render_from
from vaegan_jax.shapes.voxelize import voxelize

_SEED, _PIECES, _THRESHOLD = 2026, range(6), 0.4  # not of the seed that it learnt from


@pytest.fixture(scope="module")
def model():
    return vaegan_jax.load()


def test_it_reconstructs_furniture_that_it_has_not_seen(model):
    pieces = [build(i, _SEED) for i in _PIECES]
    cameras = Camera(num_views=6).views()
    views = np.stack(
        [render_from(p.mesh, cameras, 64, lighting=p.lighting) for p in pieces]
    )[..., None]
    numbers = np.tile(numbers_of(cameras), (len(pieces), 1, 1))
    truth = np.stack([voxelize(p.mesh, 32, oversample=4) for p in pieces])

    def iou(predicted):
        arrays = jnp.asarray(predicted), jnp.asarray(truth)
        return float(intersection_over_union(*arrays, _THRESHOLD).mean())

    assert iou(model.reconstruct(views, numbers)) > 0.5
    # From a single picture, whose camera nobody tells, it is still like it.
    assert iou(model.reconstruct(views[:, 1:2])) > 0.25


def test_cameras_are_estimated_again_by_what_the_refiner_makes(model):
    """The outlines of its shape are nearer to the truth than those of G's."""
    piece, cameras = build(_PIECES[0], _SEED), Camera(num_views=3).views()
    views = render_from(piece.mesh, cameras, 64, lighting=piece.lighting)[
        None, ..., None
    ]
    told, unknown = model.encode_each(views), np.full((3, 4), np.nan)

    def estimated(shapes):
        estimator = CameraEstimator(views[0], shapes[0], told.at(0))
        found = estimator.estimate_all(unknown, [False] * 3)
        return numbers_of([one.camera for one in found])[None]

    first = estimated(model.decode(model.pool(told)))
    again = estimated(model.refine(told, views, first))
    assert not np.array_equal(first, again)
    np.testing.assert_array_equal(model.complete_cameras(told, views), again)
    expected = model.refine(told, views, again)
    np.testing.assert_array_equal(model.reconstruct(views), expected)


def test_it_samples_shapes(model):
    assert model.mixture is not None
    shares = (model.sample(8) > _THRESHOLD).mean((1, 2, 3))
    assert (shares > 0.01).all() and (shares < 0.3).all()
