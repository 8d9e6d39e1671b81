"""Rows without learning of shapes whose cameras are known."""

import dataclasses

import numpy as np

from tests.helpers import make_examples, untrained
from vaegan_jax.evaluate import reconstruction as rows
from vaegan_jax.evaluate import report
from vaegan_jax.evaluate.visual_hulls import VisualHulls
from vaegan_jax.inference.views import view_subsets
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.visual_hull import surface, visual_hull


def seen_from_a_ring(count=3):
    ring = np.tile(numbers_of(Camera(4).views()), (count, 1, 1)).astype(np.float32)
    made = make_examples(count)
    views = np.full_like(made.views, 255)
    for shape in range(count):  # a dark square, larger from shape to shape
        views[shape, :, 12 - 2 * shape : 20 + shape, 12:20] = 60
    return dataclasses.replace(made, views=views, cameras=ring)


def test_hulls_are_of_the_views_that_are_drawn():
    examples = seen_from_a_ring()
    hulls = VisualHulls(examples)
    made = hulls.solids(2, 5)
    for shape, chosen in enumerate(view_subsets(3, 4, 2, 5)):
        views, cameras = examples.views[shape, chosen], examples.cameras[shape, chosen]
        expected = visual_hull(views, np.float64(cameras), 8)
        assert expected.any()
        np.testing.assert_array_equal(made[shape], expected)
        np.testing.assert_array_equal(hulls.surfaces(2, 5)[shape], surface(expected))


def test_rows_of_hulls_stand_where_all_cameras_are_known():
    model, examples = untrained("mv_vae_gan"), seen_from_a_ring()
    made = {}
    for name, cameras in (
        ("known", examples.cameras),
        ("some", np.where(np.arange(4)[:, None] == 2, np.nan, examples.cameras)),
        ("none", None),
    ):
        some = dataclasses.replace(examples, cameras=cameras)
        found = rows.evaluate_reconstruction(
            model, some, some, some, view_counts=(1, 4), draws=2
        )
        made[name] = {(row.prediction, row.views): row for row in found}
    kinds = {prediction for prediction, _ in made["known"]}
    assert {rows.HULL, rows.HULL_SURFACE} <= kinds
    assert made["some"].keys() == made["none"].keys()
    assert made["none"].keys() < made["known"].keys()
    row = made["known"][rows.HULL, 4]
    hull = VisualHulls(examples).solids(4, 0)
    truth = examples.voxels > 0
    for shape in range(3):
        either = (hull[shape] | truth[shape]).sum()
        expected = (hull[shape] & truth[shape]).sum() / either
        np.testing.assert_allclose(row.per_shape("iou")[shape], expected, rtol=1e-5)
    assert report.draw_curves([("", list(made["known"].values()))]).width > 500
