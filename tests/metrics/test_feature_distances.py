import numpy as np
import pytest
import scipy.linalg

from vaegan_jax.metrics.feature_distances import frechet_distance, kernel_distance


def test_the_frechet_distance_by_hand():
    # On a line: (difference of means)² + (difference of deviations)².
    a, b = np.array([[0.0], [2.0]]), np.array([[4.0], [10.0]])
    deviations = 2**0.5, 18**0.5
    expected = 6**2 + (deviations[1] - deviations[0]) ** 2
    assert frechet_distance(a, b) == pytest.approx(expected)
    assert frechet_distance(a, a) == pytest.approx(0)


def test_the_frechet_distance_is_its_formula():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(40, 5)) @ rng.normal(size=(5, 5))
    b = rng.normal(size=(30, 5)) + 1
    shared = scipy.linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    expected = np.square(a.mean(0) - b.mean(0)).sum()
    expected += np.trace(np.cov(a.T) + np.cov(b.T) - 2 * shared)
    assert frechet_distance(a, b) == pytest.approx(expected)
    assert frechet_distance(b, a) == pytest.approx(expected)


def test_the_kernel_distance_by_hand():
    a, b = np.array([[0.0, 0], [2, 0]]), np.array([[2.0, 2], [0, 2]])
    # Kernels: within a (0 + 1)³, within b (4/2 + 1)³; between 1, 1, (4/2 + 1)³, 1.
    assert kernel_distance(a, b) == pytest.approx(1 + 27 - 2 * (1 + 1 + 27 + 1) / 4)


def test_the_kernel_distance_of_samples_of_one_distribution_is_about_0():
    rng = np.random.default_rng(0)
    distances = [
        kernel_distance(rng.normal(size=(20, 4)), rng.normal(size=(60, 4)))
        for _ in range(300)
    ]
    spread = np.std(distances) / 300**0.5
    assert abs(np.mean(distances)) < 3 * spread
    assert kernel_distance(rng.normal(size=(20, 4)), 1 + rng.normal(size=(60, 4))) > 1
