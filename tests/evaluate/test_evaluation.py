import jax
import numpy as np
import pytest

from tests.helpers import make_examples, progress_lines, untrained, write_packed
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.held_out import deformed_name
from vaegan_jax.evaluate import evaluation as evaluation_module
from vaegan_jax.evaluate import reconstruction as rows
from vaegan_jax.evaluate.copies import find_copies
from vaegan_jax.evaluate.evaluation import ranked_places
from vaegan_jax.evaluate.generation import drawing_models, evaluate_generation
from vaegan_jax.evaluate.selection import validate
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.views import (
    encode_all,
    latents_of_all_views,
    pooled_latents,
    view_subsets,
)
from vaegan_jax.metrics.shape_quality import quality

pytestmark = pytest.mark.usefixtures("learns_little")


def test_means_do_not_count_the_padding(monkeypatch):
    monkeypatch.setattr(rows, "_BATCH", 4)
    examples = make_examples(count=5, resolution=32)
    examples.voxels[:] = 0
    for i, grid in enumerate(examples.voxels):
        grid[8:12, 8 : 10 + i, 8:16] = 1
    truth = rows.Truth(examples)
    perfect = rows.measure(lambda i: np.float32(examples.voxels[i]), truth, 0.5)
    assert perfect["squared_error"].tolist() == [0] * 5
    assert perfect["iou"].tolist() == perfect["average_precision"].tolist() == [1] * 5
    assert (perfect["f_score"] == 1).all()
    blank = np.zeros((4, 32, 32, 32), np.float32)
    empty = rows.measure(lambda i: blank, truth, 0.5)
    expected = examples.voxels.sum((1, 2, 3))
    np.testing.assert_allclose(empty["squared_error"], expected)
    assert (empty["f_score"] == 0).all()
    np.testing.assert_allclose(empty["chamfer_distance"], 6)


def test_the_chosen_threshold_is_the_best_of_all(monkeypatch):
    monkeypatch.setattr(rows, "_BATCH", 2)
    occupied = np.zeros((3, 8, 8, 8), bool)
    occupied[:, :4] = True
    # Voxels of the truth have 0.62, half of the others 0.41, the rest 0.13.
    probabilities = np.where(occupied, 0.62, 0.13).astype(np.float32)
    probabilities[:, 4:6] = 0.41
    assert rows.choose_threshold(lambda i: probabilities[i], occupied) == 0.45


def test_each_shape_is_also_measured_at_its_own_threshold(monkeypatch):
    monkeypatch.setattr(rows, "_BATCH", 2)
    examples = make_examples(count=3, resolution=8)
    examples.voxels[:] = 0
    examples.voxels[:, :4] = 1
    # All that is filled has 0.9, 0.4 or 0.2: the two that are unsure have lower ones.
    sureness = np.array([0.9, 0.4, 0.2], np.float32)[:, None, None, None]
    probabilities = examples.voxels * sureness
    measured = rows.measure(lambda i: probabilities[i], rows.Truth(examples), 0.5)
    assert measured["iou"].tolist() == measured["iou_0.5"].tolist() == [1, 0, 0]
    assert measured[rows.OWN].tolist() == [1, 1, 1]


def test_the_mean_shape_and_the_oracle_by_hand():
    voxels = np.zeros((3, 32, 32, 32), np.uint8)
    voxels[0, 0], voxels[1, :2], voxels[2, 20:] = 1, 1, 1
    train = Examples(["a", "b", "c"], voxels, np.zeros((3, 1, 8, 8, 1), np.uint8))
    b2 = Examples(["b2"], voxels[1:2], train.views[1:2])
    mean, oracle = rows.baseline_rows(train, b2, rows.Truth(b2))
    assert oracle.mean("iou") == 1 and oracle.spread("iou") is None
    # Layer 0 is 2/3 full, layer 1 and the last twelve 1/3.
    expected = 1024 * (1 / 9 + 4 / 9 + 12 / 9)
    np.testing.assert_allclose(mean.mean("squared_error"), expected, rtol=1e-4)
    # Above 1/3 only the first layer is left; below, all fourteen.
    assert mean.mean("iou") == 0.5 and 1 / 3 < mean.threshold < 2 / 3


def test_measures_do_not_depend_on_where_the_examples_are(tmp_path):
    """In memory, or in a file that is larger."""
    model, made = untrained("mv_vae_gan"), make_examples(8)
    write_packed(tmp_path / "a.npz", made)
    measured = []
    for in_memory in (True, False):
        split = open_split(tmp_path / "a.npz", "train", 8, 32, in_memory=in_memory)
        train, choosing, examples = (split.take(p) for p in ([0, 1, 2, 3], [4], [5, 2]))
        assert train.in_memory == in_memory
        found = rows.evaluate_reconstruction(
            model, train, choosing, examples, view_counts=(2,), draws=1
        )
        copies = find_copies(examples.voxels, train.voxels)
        models = drawing_models(model, train)
        generation = evaluate_generation(models, train, examples, 1, copies.equal)
        values = [row.values for row in found]
        latents = latents_of_all_views(model, train)
        hashed = evaluation_module._sha256(examples.views)
        chosen = validate(model, choosing.take([0, 0]))
        measured.append((values, copies.equal, generation, latents, hashed, chosen))
    jax.tree.map(np.testing.assert_array_equal, *measured)
    assert measured[0][1].tolist() == [False, True]


def test_view_subsets_are_seeded_distinct_and_reach_every_view():
    subset = view_subsets(50, 12, 3, seed=0)
    assert subset.shape == (50, 3) and (np.diff(subset) > 0).all()
    assert set(subset.flatten()) == set(range(12))
    np.testing.assert_array_equal(subset, view_subsets(50, 12, 3, seed=0))
    assert (subset != view_subsets(50, 12, 3, seed=1)).any()
    np.testing.assert_array_equal(view_subsets(2, 4, 4, 0), [[0, 1, 2, 3]] * 2)


def test_latents_of_a_subset_equal_those_of_these_views_alone():
    model, examples = untrained("mv_vae_gan"), make_examples(10)
    subset = view_subsets(10, 4, 2, seed=0)
    actual = pooled_latents(model, encode_all(model, examples), subset)
    expected = model.encode(examples.views[np.arange(10)[:, None], subset])
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_retrieval_by_image_latent_finds_the_shape_whose_views_it_is_given(capfd):
    model, train = untrained("mv_vae_gan"), make_examples(8)
    chosen = [5, 2]
    known = Examples(
        [train.names[i] for i in chosen], train.voxels[chosen], train.views[chosen]
    )
    found = rows.evaluate_reconstruction(model, train, train, known, (2, 4), draws=2)
    retrieval = {r.views: r for r in found if r.prediction == rows.RETRIEVAL}
    assert retrieval[4].mean("iou") == 1
    assert retrieval[2].values["iou"].shape == (2, 2)
    # Every view is seen: another draw would be the same.
    assert retrieval[4].values["iou"].shape == (1, 2)
    told = progress_lines(capfd.readouterr().err)
    assert any(
        line.startswith(f"reconstructions, {rows.RETRIEVAL}, 2 views: 3/6, ")
        for line in told
    )
    assert told[-1].startswith("reconstructions, baselines: 6/6, ")


def test_generation_of_a_model_that_samples_its_training_shapes(capfd):
    train, examples = make_examples(12), make_examples(6, seed=1)

    class Copier(Model):
        def sample(self, count, seed):
            return np.float32(train.voxels[:count])

    # What was made of the shapes is no shape of their distribution.
    more = train.take([*range(12), *range(12)])
    more.names[12:] = [deformed_name(name, 0) for name in train.names]
    more.voxels[12:] = 1
    found = evaluate_generation(
        {"samples": object.__new__(Copier)}, more, examples, sets=2
    )
    assert found["training shapes"]["full_share"] == [0, 0]
    assert found["samples"]["nearest_training_iou"] == [1, 1]
    assert found["samples"]["falls"] == [quality(train.voxels[:6] > 0)["falls"]] * 2
    assert found["reference shapes"]["raggedness"] == [1]
    assert found["training shapes"].keys() > found["reference shapes"].keys() - {
        "nearest_training_iou"
    }
    assert 0 < found["reference shapes"]["nearest_training_iou"][0] < 0.5
    assert len(found["training shapes"]["1nna_emd"]) == 2
    told = progress_lines(capfd.readouterr().err)
    stages = ("reference shapes", "set 1 of 2, samples", "set 2 of 2, training shapes")
    for stage, count in zip(stages, (0, 3, 12), strict=True):
        assert any(line.startswith(f"samples, {stage}: {count}/15, ") for line in told)
    assert ": 15/15, " in told[-1] and ", emd" in told[-1]

    class Knower(Copier):
        def sample(self, count, seed):
            return np.float32(examples.voxels)

    models = {"samples": object.__new__(Knower)}
    known = evaluate_generation(models, train, examples, sets=1)["samples"]
    for distance in ("iou", "cd", "emd"):
        assert known[f"cov_{distance}"] == [1]
        assert known[f"mmd_{distance}"] == [pytest.approx(0, abs=1e-6)]
        assert known[f"1nna_{distance}"] == [0]
    assert known["jsd"] == [pytest.approx(0, abs=1e-9)]


def test_places_of_best_median_and_worst():
    assert ranked_places(10).tolist() == [0, 1, 4, 5, 8, 9]
    assert ranked_places(3).tolist() == [0, 1, 2]
    assert ranked_places(1).tolist() == [0]


def test_reconstruction_does_not_depend_on_the_batch_or_the_order_of_views():
    model = untrained("mv_vae_gan")
    views = make_examples(3).views
    together = model.reconstruct(views)
    np.testing.assert_allclose(model.reconstruct(views[:1]), together[:1], atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(views[:, ::-1]), together, atol=1e-4)


def test_copies_are_told_mirrored_and_nearly_equal_ones_too():
    train, examples = make_examples(3), make_examples(4, seed=1)
    examples.voxels[0] = train.voxels[2]
    examples.voxels[1] = train.voxels[1][::-1]
    examples.voxels[3] = train.voxels[0][::-1]
    examples.voxels[3, 0, 0, 0] ^= 1
    found = find_copies(examples.voxels, train.voxels)
    assert found.equal.tolist() == [True, True, False, False] and found.some
    assert found.near.tolist() == [False, False, False, True]
    assert (
        find_copies(train.voxels, train.voxels).equal.all()
        and not find_copies(train.voxels, train.voxels).some
    )
