import jax.numpy as jnp
import numpy as np
import pytest
from helpers import Setup, make_examples, tiny_config

from vaegan_jax import evaluate
from vaegan_jax.dataset import Examples
from vaegan_jax.inference import Model
from vaegan_jax.metrics import reconstruction


def grids(*filled):
    """Grids of 2³ with the given numbers of filled voxels, from the first on."""
    flat = jnp.arange(8)[None] < jnp.array(filled)[:, None]
    return flat.reshape(-1, 2, 2, 2)


def test_squared_error_by_hand():
    truth = grids(8, 0)
    probabilities = jnp.full(truth.shape, 0.25)
    np.testing.assert_allclose(
        reconstruction.squared_error(probabilities, truth), [8 * 0.5625, 8 * 0.0625]
    )


def test_iou_by_hand():
    truth, predicted = grids(4, 4, 0), grids(2, 6, 0)
    iou = reconstruction.intersection_over_union(predicted * 0.6, truth, 0.5)
    np.testing.assert_allclose(iou, [2 / 4, 4 / 6, 1])
    none = reconstruction.intersection_over_union(predicted * 0.6, truth, 0.6)
    np.testing.assert_allclose(none, [0, 0, 1])


def brute_force_average_precision(scores, truth):
    """Σ over thresholds, descending, of recall gained times precision there."""
    total, recall = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        chosen = scores >= threshold
        gained = truth[chosen].sum() / truth.sum()
        total += (gained - recall) * truth[chosen].mean()
        recall = gained
    return total


@pytest.mark.parametrize("levels", [3, 1000])
def test_average_precision_equals_brute_force_also_with_ties(levels):
    rng = np.random.default_rng(0)
    scores = np.float32(rng.integers(0, levels, (3, 4, 4, 4)) / levels)
    truth = rng.random((3, 4, 4, 4)) < 0.3
    actual = reconstruction.average_precision(jnp.array(scores), jnp.array(truth))
    expected = [
        brute_force_average_precision(s.ravel(), t.ravel())
        for s, t in zip(scores, truth, strict=True)
    ]
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


def test_average_precision_of_a_perfect_order_and_of_an_empty_truth():
    truth = grids(3, 0)
    scores = jnp.linspace(1, 0, 8).reshape(1, 2, 2, 2).repeat(2, 0)
    np.testing.assert_allclose(reconstruction.average_precision(scores, truth), [1, 0])


def test_means_do_not_count_the_padding():
    examples = make_examples(count=5)
    truth = lambda batch, _: batch.voxels.astype(np.float32)  # noqa: E731
    row = evaluate.measure(truth, examples, batch_size=4)
    assert row["squared_error"] == 0 and row["iou_0.5"] == 1
    blank = lambda batch, _: np.zeros(batch.voxels.shape, np.float32)  # noqa: E731
    row = evaluate.measure(blank, examples, batch_size=4)
    np.testing.assert_allclose(row["squared_error"], examples.voxels.sum() / 5)


def test_the_mean_shape_and_the_oracle_by_hand():
    voxels = np.zeros((3, 32, 32, 32), np.uint8)
    voxels[0, 0], voxels[1, :2], voxels[2, 20:] = 1, 1, 1
    train = Examples(["a", "b", "c"], voxels, np.zeros((3, 1, 8, 8, 1), np.uint8))
    truth = Examples(["b2"], voxels[1:2], train.views[1:2])
    assert evaluate.nearest_training_row(train, truth)["iou_0.5"] == 1
    mean = evaluate.mean_shape_row(train, truth)
    # Layer 0 is 2/3 full, layer 1 and the last twelve 1/3.
    expected = 1024 * (1 / 9 + 4 / 9 + 12 / 9)
    np.testing.assert_allclose(mean["squared_error"], expected, rtol=1e-4)
    nearest, iou = evaluate.nearest_shapes(voxels[[0]], voxels[1:])
    assert nearest.tolist() == [0]
    np.testing.assert_allclose(iou, [0.5])


def test_views_are_spread_evenly_and_start_everywhere():
    views = np.broadcast_to(
        np.arange(12, dtype=np.uint8)[None, :, None, None, None], (12, 12, 2, 2, 1)
    )
    chosen = evaluate.select_views(views, 3, first_index=0)[..., 0, 0, 0]
    np.testing.assert_array_equal(chosen[0], [0, 4, 8])
    np.testing.assert_array_equal(chosen[1], [1, 5, 9])
    assert set(chosen[:, 0]) == set(range(12))


@pytest.mark.parametrize("algorithm", ["gan", "mv_vae_gan"])
def test_all_rows_of_an_untrained_model(algorithm):
    setup = Setup(tiny_config(algorithm))
    state = setup.create()
    model = Model(setup.config, setup.networks, state.sampling_variables(), 0)
    rows = evaluate.evaluate(model, make_examples(6), make_examples(3, seed=1))
    views = {name for name in rows if name.endswith("views")}
    expected = set() if algorithm == "gan" else {"1 views", "2 views", "3 views"}
    assert views == expected
    table = evaluate.format_table(rows)
    assert "mean training shape" in table and "samples: fill_rate" in table


def test_reconstruction_does_not_depend_on_the_batch_or_the_order_of_views():
    setup = Setup(tiny_config("mv_vae_gan"))
    state = setup.create()
    model = Model(setup.config, setup.networks, state.sampling_variables(), 0)
    views = make_examples(3).views
    together = model.reconstruct(views)
    np.testing.assert_allclose(model.reconstruct(views[:1]), together[:1], atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(views[:, ::-1]), together, atol=1e-4)
