import itertools

import numpy as np
import pytest

from vaegan_jax.inference.camera_search import climb, resized

START = np.array([100.0, 20.0, 2.6, 24.5])


def test_a_hill_is_climbed_to_its_top():
    # Between whole steps, so that halves are needed.
    top = np.array([131.6, 9.3, 2.6, 29.0])

    def score(cameras):
        return -np.abs(cameras - top).sum(1)

    camera, best = climb(score, START)
    np.testing.assert_allclose(camera, top, atol=1.2)
    assert best == score(camera[None])[0]


@pytest.mark.parametrize("value", [0.0, -np.inf, np.nan])
def test_where_nothing_is_higher_it_stays(value):
    calls = itertools.count()

    def score(cameras):
        assert next(calls) < 100
        return np.full(len(cameras), value)

    camera, _ = climb(score, START)
    np.testing.assert_array_equal(camera, START)


def test_sizes_in_the_picture():
    half = np.tan(np.deg2rad(resized(np.array([40.0]), np.array([2.0]))) / 2)
    assert half == pytest.approx(np.tan(np.deg2rad(20)) / 2)
