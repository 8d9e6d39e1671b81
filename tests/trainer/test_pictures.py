"""The pictures that training draws."""

import dataclasses

import numpy as np
import pytest

from tests.helpers import REFINER, make_examples, untrained
from vaegan_jax.evaluate import reconstructions
from vaegan_jax.inference.camera_estimates import CameraEstimator
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.trainer import pictures


@pytest.fixture
def drawn(monkeypatch):
    """What is drawn: views, reconstructions, truths, and what G alone makes."""
    found = []
    draw = reconstructions.draw_reconstructions

    def keep(*given, of_generator):
        found.append((*given, of_generator))
        return draw(*given, of_generator=of_generator)

    monkeypatch.setattr(reconstructions, "draw_reconstructions", keep)
    return found


@pytest.mark.parametrize("count, chosen", [(14, [0, 2, 4, 6, 8, 10]), (2, [0, 1])])
def test_six_shapes_are_drawn_with_the_first_views(drawn, count, chosen):
    model, examples = untrained("mv_vae_gan"), make_examples(count)
    pictures.reconstructions(model, examples)
    ((views, made, truths, alone),) = drawn
    np.testing.assert_array_equal(views, examples.views[chosen, :3])
    np.testing.assert_array_equal(made, model.reconstruct(views) > 0.4)
    np.testing.assert_array_equal(truths, examples.voxels[chosen] > 0)
    assert alone is None


def test_known_cameras_are_not_estimated_and_the_generator_is_drawn(drawn, monkeypatch):
    examples = make_examples(2)
    ring = np.float32(numbers_of(Camera(4).views()))
    examples = dataclasses.replace(examples, cameras=np.stack([ring, ring + 10]))
    # All views, for a model that is trained with more than there are.
    model = untrained("mv_vae_gan", **REFINER, **{"data.num_views": 5})
    monkeypatch.setattr(CameraEstimator, "estimate", None)
    picture = pictures.reconstructions(model, examples)
    ((views, made, _, alone),) = drawn
    np.testing.assert_array_equal(views, examples.views)
    expected = model.reconstruct(views, examples.cameras)
    np.testing.assert_array_equal(made, expected > 0.4)
    np.testing.assert_array_equal(alone, model.decode(model.encode(views)) > 0.4)
    assert picture.width == 6 * 164 + 4
