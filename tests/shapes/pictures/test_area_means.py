import numpy as np
import pytest

from vaegan_jax.shapes.pictures.area_means import area_means


def test_means_by_hand():
    """Three columns become two, each with half of the middle one."""
    picture = np.array([[0, 30, 90], [60, 90, 150], [90, 90, 90]], np.uint8)
    # (0 + 30/2 + 60/2 + 90/4) / 2.25 = 30; and so on.
    expected = np.round([[67.5, 202.5], [187.5, 232.5]] / np.float32(2.25))
    np.testing.assert_array_equal(area_means(picture[..., None], 2)[..., 0], expected)


def test_ties_are_rounded_to_even():
    picture = np.array([[0, 1], [0, 1]], np.uint8), np.array([[1, 2], [1, 2]], np.uint8)
    assert [int(area_means(p[..., None], 1).item()) for p in picture] == [0, 2]


@pytest.mark.parametrize("side, size", [(137, 64), (224, 64), (96, 32), (100, 64)])
def test_means_are_those_of_tensorflow(side, size):
    import tensorflow as tf

    views = np.random.default_rng(0).integers(0, 256, (2, 3, side, side, 3), np.uint8)
    flat = views.reshape(-1, side, side, 3)
    resized = tf.round(tf.image.resize(flat, (size, size), method="area")).numpy()
    made = area_means(views, size)
    assert made.shape == (2, 3, size, size, 3) and made.dtype == np.uint8
    np.testing.assert_array_equal(made.reshape(resized.shape), resized)


def test_nothing_to_reduce():
    views = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1), np.uint8)
    np.testing.assert_array_equal(area_means(views, 8), views)
    assert area_means(views[:0], 4).shape == (0, 4, 4, 1)
