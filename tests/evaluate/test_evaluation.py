import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.helpers import make_examples, progress_lines, untrained, write_packed
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.examples import Examples
from vaegan_jax.data.held_out import deformed_name
from vaegan_jax.errors import UserError
from vaegan_jax.evaluate import comparison, learnt_features, report, tables
from vaegan_jax.evaluate import evaluation as evaluation_module
from vaegan_jax.evaluate import reconstruction as rows
from vaegan_jax.evaluate.copies import find_copies
from vaegan_jax.evaluate.evaluation import Evaluation, ranked_places
from vaegan_jax.evaluate.generation import drawing_models, evaluate_generation
from vaegan_jax.evaluate.selection import validate
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.views import (
    encode_all,
    latents_of_all_views,
    pooled_latents,
    view_subsets,
)
from vaegan_jax.metrics import reconstruction
from vaegan_jax.metrics.shape_quality import quality


@pytest.fixture(autouse=True, scope="module")
def learns_little():
    """Features need not be good where they are not measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learnt_features, "_STEPS", 3)
        yield


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


def row(values, views=2):
    return rows.Row(rows.MODEL, views, 0.5, {"iou": np.array(values)})


def test_row_statistics_by_hand():
    r = row([[0.2, 0.4, 0.6], [0.4, 0.6, 0.8]])
    assert r.mean("iou") == pytest.approx(0.5)
    assert r.spread("iou") == pytest.approx(0.2 / 2**0.5)
    assert r.standard_error("iou") == pytest.approx(0.2 / 3**0.5)
    assert tables.describe(r) == "model, 2 views"


def test_paired_differences_by_hand():
    d = comparison.paired_difference(np.array([1.0, 2, 3, 4]), np.array([2.0, 2, 5, 5]))
    assert d["mean"] == 1 and d["deviation"] == pytest.approx((2 / 3) ** 0.5)
    assert d["raised"] == 0.875
    assert d["high"] - d["mean"] == pytest.approx(1.96 * (2 / 3) ** 0.5 / 2)


def test_places_of_best_median_and_worst():
    assert ranked_places(10).tolist() == [0, 1, 4, 5, 8, 9]
    assert ranked_places(3).tolist() == [0, 1, 2]
    assert ranked_places(1).tolist() == [0]


@pytest.fixture(scope="module")
def evaluated():
    """An untrained model, evaluated without a work directory."""
    model, train = untrained("mv_vae_gan"), make_examples(6)
    examples = make_examples(3, seed=1)
    about = dict.fromkeys(
        ("workdir", "algorithm", "data", "split", "training_data"), "some"
    )
    examples.voxels[2] = train.voxels[1][::-1]
    copies = find_copies(examples.voxels, train.voxels)
    about |= {
        "checkpoint_chosen_on": "validation",
        "learnt_from_these": True,
        "trained_on": False,
        "in_training_of": "some",
        "threshold_chosen_on": "held_out",
        "threshold_shapes": 6,
        "threshold_is_optimistic": True,
        "in_training": 1,
        "nearly_in_training": 0,
        "step": 0,
        "shapes": 3,
        "training_views": 3,
        "draws": 2,
        "sets": 2,
    }
    found = Evaluation(
        about,
        examples.names,
        copies,
        rows.evaluate_reconstruction(model, train, train, examples, draws=2),
        evaluate_generation(
            drawing_models(model, train), train, examples, 2, copies.equal
        ),
        {"encoder latents": 0.5},
        {},
    )
    found.pictures["reconstructions"] = evaluation_module.draw_ranked(
        found, model, examples
    )
    return found


def test_a_report_holds_tables_curves_pictures_and_json(evaluated, tmp_path):
    report.write_evaluation(tmp_path, evaluated)
    text = (tmp_path / "report.md").read_text()
    for part in (
        "| model, 1 view |",
        "| retrieval by image latent, 4 views |",
        "| mean training shape |",
        "| retrieval by the truth (oracle) |",
        "| samples | EMD |",
        "| training shapes |",
        "| set | Fréchet distance | kernel distance × 1000 |",
        "| set | raggedness | burrs | pits | corners | in small parts | falls | ",
        "| encoder latents | 50.0 |",
        "chosen on the held-out training shapes of some (6 shapes), of which some",
        "Of these shapes 1 are in the training split of some, too, identical or",
        "## Reconstruction without the 1 shapes that are in training",
        "| reference shapes that are not in training |",
    ):
        assert part in text
    for name in ("curves", "reconstructions"):
        assert f"({name}.png)" in text and (tmp_path / f"{name}.png").exists()
    numbers = json.loads((tmp_path / "metrics.json").read_text())
    assert numbers["in_training"] == [False, False, True]
    first, unseen = (
        numbers[f"reconstruction{which}"][0] for which in ("", "_without_copies")
    )
    assert unseen["per_shape"]["iou"] == first["per_shape"]["iou"][:2]
    assert unseen["mean"]["iou"] == pytest.approx(
        np.mean(first["per_shape"]["iou"][:2])
    )
    assert first["mean"].keys() == tables.RECONSTRUCTION.keys()
    assert np.mean(first["per_shape"]["iou"]) == pytest.approx(first["mean"]["iou"])
    assert numbers["generation"]["samples"]["1nna_cd"] == pytest.approx(
        evaluated.generation["samples"]["1nna_cd"]
    )


def test_a_model_does_not_differ_from_itself(evaluated, tmp_path):
    same = comparison.write_comparison(tmp_path, evaluated, evaluated)
    assert same["reconstruction"][3]["iou"]["mean"] == 0
    assert same["reconstruction"][3]["iou"]["raised"] == 0.5
    for name in ("samples", "samples like training shapes"):
        assert same["generation"][name]["1nna_cd"]["mean"] == 0
    assert (tmp_path / "comparison.png").exists()
    assert "+0.000 [+0.000, +0.000] (50%)" in (tmp_path / "comparison.md").read_text()


def test_models_are_compared_on_the_same_shapes_from_the_same_views(evaluated):
    def otherwise(**about):
        return dataclasses.replace(evaluated, about=evaluated.about | about)

    for other, message in (
        (dataclasses.replace(evaluated, names=["other"]), "different shapes"),
        (otherwise(voxels_sha256="of solids"), "different shapes"),
        (otherwise(views_sha256="of others"), "other views of the same shapes"),
    ):
        with pytest.raises(UserError, match=f"measured on {message}"):
            comparison.compare(evaluated, other)
    for change in ({"image_size": 128}, {"image_channels": 3}):
        other = otherwise(views_sha256="of others", **change)
        assert comparison.compare(evaluated, other)["reconstruction"]


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
