"""The picture of what a refiner reads, and of what it makes of that."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from tests.helpers import REFINER, make_examples, untrained
from vaegan_jax.evaluate import evaluation, evidence_picture
from vaegan_jax.evaluate.copies import find_copies
from vaegan_jax.evaluate.evidence_picture import draw_evidence
from vaegan_jax.evaluate.reconstruction import GENERATOR, MODEL, Row
from vaegan_jax.evaluate.reconstructions import Reconstructions, draw_all
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.views import view_subsets
from vaegan_jax.shapes.cameras import Camera, numbers_of

GREY = 155  # an ink of 100 / 255


@pytest.fixture(scope="module")
def model():
    """Its generator fills the grid, so that the scale is that of a cube."""
    made = untrained("mv_vae_gan", **REFINER)
    fill = lambda self, latents: np.ones((len(latents), 8, 8, 8), np.float32)  # noqa: E731
    return type("Full", (Model,), {"decode": fill})(**vars(made))


@pytest.fixture(scope="module")
def examples():
    """Two shapes seen from in front, the right, behind and the left.

    The first is a grey square in all views but the last, which shows nothing; of the
    second all views are grey everywhere.
    """
    made = make_examples(2)
    views = np.full_like(made.views, 255)
    views[0, :3, 12:20, 12:20] = GREY
    views[1] = GREY
    ring = numbers_of(Camera(4, elevation_degrees=0.0).views()).astype(np.float32)
    return dataclasses.replace(made, views=views, cameras=np.stack([ring] * 2))


def drawn(monkeypatch, model, examples):
    """The columns that would be drawn."""
    found = []
    keep = lambda _, columns: found.append(columns) or Image.new("RGB", (1, 1))  # noqa: E731
    monkeypatch.setattr(evidence_picture, "draw_columns", keep)
    draw_evidence(model, examples, 0.05, 0.5)
    return found[0]


def test_hull_and_ink_are_those_of_the_views(monkeypatch, model, examples):
    columns = drawn(monkeypatch, model, examples)
    assert [*columns] == [
        *("visual hull", "mean ink, a slice", "generator alone", "refined", "truth")
    ]
    hull, ink = columns["visual hull"], columns["mean ink, a slice"]
    # One view without ink excludes everything.
    assert not hull[0].any() and hull[1].all()
    assert ink.shape == (2, 40, 40, 1) and (ink[1] == GREY).all()
    # Of four views, the three that show the middle; not one shows the upper corner.
    assert ink[0, 20, 20, 0] == 255 - 75 and ink[0, 0, 0, 0] == 255
    np.testing.assert_array_equal(columns["truth"], examples.voxels > 0)
    assert columns["generator alone"].all()


def test_a_hull_is_where_all_views_show_something(monkeypatch, model, examples):
    views, cameras = examples.views[:1, :3], examples.cameras[:1, :3]
    seen = dataclasses.replace(examples.take([0]), views=views, cameras=cameras)
    made = drawn(monkeypatch, model, seen)["visual hull"][0]
    # A picture's side is 1.13 diagonals, a quarter of it 0.28; a cell's is 0.072.
    expected = np.zeros((8, 8, 8), bool)
    expected[2:6, 2:6, 2:6] = True
    np.testing.assert_array_equal(made, expected)


def test_slices_stand_upright_with_the_front_to_the_left():
    ink = np.zeros((1, 4, 4, 4), np.float32)
    ink[0, 2, 0, 3] = 1  # in the slice, at the front, on top
    ink[0, 1] = 1  # beside it
    (picture,) = evidence_picture._slices(ink, np.float32([0.5]))
    assert (picture[:5, :5] == 0).all() and (picture == 0).sum() == 25


def test_known_cameras_are_taken_and_the_refiners_shape_is_drawn(
    monkeypatch, model, examples
):
    columns = drawn(monkeypatch, model, examples)
    seen = Reconstructions(model, examples).predictor(4, 0)(np.arange(2))
    np.testing.assert_array_equal(columns["refined"], seen > 0.05)


def test_what_refines_is_drawn_beside_the_generator(model, examples):
    plain = draw_all(model, examples, 0.4, None)
    both = draw_all(model, examples, 0.4, 0.4)
    assert both.width == plain.width + 164
    picture = draw_evidence(model, examples, 0.05, 0.5)
    assert picture.size == (8 * 164 + 4, 2 * 164 + 4 + 22)


def test_evaluations_draw_the_median_shape_and_the_generators(monkeypatch, model):
    examples = make_examples(5)
    iou = np.array([[0.5, 0.9, 0.1, 0.8, 0.2], [0.1, 0.2, 0.3, 0.4, 0.5]])
    rows = [
        Row(MODEL, 1, 0.2, {"iou": iou[:, ::-1]}),
        Row(MODEL, 3, 0.3, {"iou": iou}),
        Row(GENERATOR, 3, 0.6, {"iou": iou}),
        Row(MODEL, 4, 0.7, {"iou": iou[:1]}),
    ]
    copies = find_copies(examples.voxels, examples.voxels)
    about = {"training_views": 3}
    found = evaluation.Evaluation(about, examples.names, copies, rows, {}, {}, {})
    given = []
    for name in ("draw_evidence", "draw_all"):
        keep = lambda *all_: given.append(all_) or Image.new("RGB", (1, 1))  # noqa: E731
        monkeypatch.setattr(evaluation, name, keep)
    evaluation.draw_median_evidence(found, model, examples)
    evaluation.draw_ranked(found, model, examples)
    # Shapes 1, 3, 0, 4 and 2, from the best to the worst.
    for (_, seen, *thresholds), order in zip(
        given, ([3], [1, 3, 0, 4, 2]), strict=True
    ):
        subset = view_subsets(5, 4, 3, 0)[order]
        expected = examples.views[np.array(order)[:, None], subset]
        np.testing.assert_array_equal(seen.views, expected)
        assert seen.names == [examples.names[place] for place in order]
        assert thresholds == [0.3, 0.6]
