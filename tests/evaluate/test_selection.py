"""What training keeps its best checkpoint by."""

import dataclasses

import numpy as np
import pytest

from tests.helpers import AZIMUTHS, make_examples, untrained
from vaegan_jax.evaluate import reconstructions
from vaegan_jax.evaluate.selection import validate
from vaegan_jax.inference.model import Model


@pytest.mark.parametrize("algorithm", ["gan", "mv_vae_gan"])
def test_validation_scores_every_model(algorithm):
    values = validate(untrained(algorithm), make_examples(4))
    assert 0 <= values["score"] <= 1
    assert ("iou" in values) == (algorithm != "gan")


def boxes(count, seed):
    """Boxes of random sizes in the middle of a grid."""
    grids = np.zeros((count, 32, 32, 32), np.uint8)
    sizes = np.random.default_rng(seed).integers(3, 15, (count, 3))
    for grid, (x, y, z) in zip(grids, sizes, strict=True):
        grid[16 - x : 16 + x, 16 - y : 16 + y, 16 - z : 16 + z] = 1
    return grids


def test_the_score_of_a_generator_asks_for_all_kinds_of_shapes_and_no_copies():
    examples = dataclasses.replace(make_examples(40), voxels=boxes(40, seed=0))

    def score(shapes):
        class Drawer(Model):
            def sample(self, count, seed):
                return np.float32(shapes[:count])

        model = untrained("gan")
        fields = {f.name: getattr(model, f.name) for f in dataclasses.fields(Model)}
        return validate(Drawer(**fields), examples)["score"]

    assert score(boxes(40, seed=1)) > 0.7
    rng = np.random.default_rng(0)
    worthless = {
        "one kind": np.repeat(boxes(1, seed=1), 40, 0),
        "noise": rng.random(examples.voxels.shape) < 0.1,
        "full of holes": boxes(40, seed=1) & (rng.random(examples.voxels.shape) < 0.3),
        "copies": examples.voxels,
        "nothing": np.zeros_like(examples.voxels),
    }
    scores = {kind: score(shapes) for kind, shapes in worthless.items()}
    assert max(scores.values()) < 0.2, scores


@pytest.mark.parametrize("encoded, expected", [(0, 3), (2, 2)])
def test_validation_sees_as_many_views_as_training(encoded, expected, monkeypatch):
    model = untrained("mv_vae_gan", **AZIMUTHS | {"data.encoded_views": encoded})
    counts = []
    encode = reconstructions.encode_all

    def note(model, examples):
        counts.append(examples.views.shape[1])
        return encode(model, examples)

    monkeypatch.setattr(reconstructions, "encode_all", note)
    validate(model, make_examples(4))
    assert counts == [expected]
