"""What is told of one evaluation, and of two compared."""

import dataclasses
import json

import numpy as np
import pytest

from tests.helpers import make_examples, untrained
from vaegan_jax.errors import UserError
from vaegan_jax.evaluate import comparison, report, tables
from vaegan_jax.evaluate import evaluation as evaluation_module
from vaegan_jax.evaluate import reconstruction as rows
from vaegan_jax.evaluate.copies import find_copies
from vaegan_jax.evaluate.evaluation import Evaluation
from vaegan_jax.evaluate.generation import drawing_models, evaluate_generation


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


@pytest.fixture(scope="module")
def evaluated(learns_little):
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
