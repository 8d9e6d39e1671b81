import zipfile

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.helpers import make_examples
from tests.metrics.test_shape_quality import salted
from vaegan_jax.evaluate import learnt_features
from vaegan_jax.evaluate.learnt_features import damage, learn_features
from vaegan_jax.metrics.feature_distances import kernel_distance
from vaegan_jax.shapes.voxel_files import read_binvox


def test_damage_is_as_large_as_it_says():
    grids = np.zeros((200, 16, 16, 16), np.float32)
    grids[:, 4:12, 4:12, 4:12] = 1
    damaged, amounts = map(np.asarray, damage(jax.random.key(0), jnp.array(grids)))
    assert damaged.shape == grids.shape and set(np.unique(damaged)) == {0, 1}
    assert (amounts >= 0).all() and (amounts <= 1).all()
    # Each is absent from half of the shapes.
    np.testing.assert_allclose((amounts == 0).mean(0), 0.5, atol=0.15)
    changed = np.abs(damaged - grids).mean((1, 2, 3))
    assert (changed[(amounts == 0).all(1)] == 0).all()
    noise = amounts[:, :2].max(1)
    assert changed[noise > 0.8].mean() > 5 * changed[(noise > 0) & (noise < 0.3)].mean()
    # What is far from a surface, inside or outside, only boxes change: to empty.
    assert (damaged[:, :2] == 0).all()
    assert (damaged[amounts[:, 2] == 0, 7:9, 7:9, 7:9] == 1).all()


def test_features_are_learnt_the_same_way_each_time_and_are_whitened(monkeypatch):
    monkeypatch.setattr(learnt_features, "_STEPS", 20)
    voxels = make_examples(40, seed=3).voxels
    features = learn_features(voxels)
    found = features(voxels > 0)
    np.testing.assert_array_equal(learn_features(voxels)(voxels > 0), found)
    np.testing.assert_allclose(found.mean(0), 0, atol=1e-3)
    variances = np.linalg.eigvalsh(np.cov(found.T))
    assert variances.max() == pytest.approx(1, abs=0.05)


@pytest.mark.slow
def test_noise_on_real_chairs_is_told_by_its_amount(real_data):
    with zipfile.ZipFile(real_data / "modelnet10_chairs_binvox32.zip") as file:
        names = sorted(name for name in file.namelist() if name.endswith(".binvox"))
        chairs = np.stack([read_binvox(file.read(name)) for name in names])
    # At half of the resolution, where learning takes seconds.
    chairs = chairs.reshape(-1, 16, 2, 16, 2, 16, 2).any((2, 4, 6))
    rng = np.random.default_rng(0)
    chairs = rng.permutation(chairs)
    train, unseen = chairs[100:], chairs[:100]
    features = learn_features(train)
    sets = [salted(train[:100], share, rng) for share in (0, 0.05, 0.1)]
    reference = features(unseen)
    distances = [kernel_distance(features(grids), reference) for grids in sets]
    assert (np.diff(distances) > 0.1).all() and abs(distances[0]) < 0.1, distances
