"""How well new shapes stand for shapes that the model has not seen."""

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
from jaxtyping import Bool

from vaegan_jax.data.examples import Examples, Stored
from vaegan_jax.data.held_out import originals
from vaegan_jax.evaluate.learnt_features import Features, learn_features
from vaegan_jax.inference.likeness import like_examples
from vaegan_jax.inference.model import Model
from vaegan_jax.metrics import generation as metrics
from vaegan_jax.metrics.distances import (
    chamfer_distances,
    iou_distances,
    nearest_by_iou,
)
from vaegan_jax.metrics.earth_mover import Surfaces, lower_bounds, nearest_surfaces
from vaegan_jax.metrics.feature_distances import frechet_distance, kernel_distance
from vaegan_jax.metrics.health import health
from vaegan_jax.metrics.reconstruction import OCCUPIED
from vaegan_jax.metrics.shape_quality import quality
from vaegan_jax.runtime.progress import Progress

Shapes = Bool[np.ndarray, "_ x y z"]
Values = dict[str, list[float]]  # one for each set

SAMPLES, LIKE = "samples", "samples like training shapes"
TRAINING, REFERENCE = "training shapes", "reference shapes"
UNSEEN = "reference shapes that are not in training"


def sample_set(model: Model, count: int, seed: int) -> Shapes:
    """New shapes, all cut alike, to be compared with older measures; files are not."""
    return model.sample(count, seed) > OCCUPIED


class Reference:
    """The shapes that samples are compared with, prepared once for all sets.

    That, and each comparison, counts `_DISTANCES` in the progress.
    """

    def __init__(
        self,
        shapes: Shapes,
        features: Callable[[Shapes], Features],
        progress: Progress,
    ):
        self.shapes, self._progress = shapes, progress
        self._features, self._own_features = features, features(shapes)
        self.surfaces = Surfaces(shapes)
        self.within_by_matrix = {}
        for name, distances in _MATRICES.items():
            with progress.counted(name):
                self.within_by_matrix[name] = distances(shapes, shapes)
        with progress.counted(_EARTH_MOVER):
            self.within_by_earth_mover = _nearest_within(self.surfaces)

    def neighbours(self, shapes: Shapes) -> dict[str, metrics.Neighbours]:
        """Nearest neighbours of a set and the reference, under each distance."""
        found = {}
        for name, distances in _MATRICES.items():
            with self._progress.counted(name):
                found[name] = metrics.neighbours(
                    distances(shapes, self.shapes),
                    distances(shapes, shapes),
                    self.within_by_matrix[name],
                )
        with self._progress.counted(_EARTH_MOVER):
            surfaces = Surfaces(shapes)
            bounds = lower_bounds(surfaces, self.surfaces)
            found[_EARTH_MOVER] = metrics.Neighbours(
                nearest_surfaces(surfaces, self.surfaces, bounds),
                nearest_surfaces(self.surfaces, surfaces, bounds.T),
                _nearest_within(surfaces),
                self.within_by_earth_mover,
            )
        return found

    def compare(self, shapes: Shapes) -> dict[str, float]:
        """COV, MMD and 1-NNA under each distance, JSD, and by learnt features."""
        row = {}
        for name, found in self.neighbours(shapes).items():
            row[f"cov_{name}"] = metrics.coverage(found)
            row[f"mmd_{name}"] = metrics.minimum_matching_distance(found)
            row[f"1nna_{name}"] = metrics.one_nearest_neighbour_accuracy(found)
        row["jsd"] = metrics.jensen_shannon_divergence(shapes, self.shapes)
        features = self._features(shapes)
        row["frechet_distance"] = frechet_distance(features, self._own_features)
        row["kernel_distance"] = kernel_distance(features, self._own_features)
        return row


def _nearest_within(surfaces: Surfaces) -> metrics.Nearest:
    return nearest_surfaces(surfaces, surfaces, lower_bounds(surfaces, surfaces))


_MATRICES: dict[str, Callable] = {"iou": iou_distances, "cd": chamfer_distances}
_EARTH_MOVER = "emd"
_DISTANCES = len(_MATRICES) + 1


def drawing_models(model: Model, train: Examples) -> dict[str, Model]:
    """By the name of what it draws: of the prior; with an encoder, like its training.

    The second draws from what `likeness` fits to the training shapes.
    """
    models = {SAMPLES: dataclasses.replace(model, mixture=None)}
    if model.networks.encoder is not None and len(train) > 1:
        models[LIKE] = like_examples(model, train)
    return models


def evaluate_generation(
    models: dict[str, Model],
    train: Examples,
    examples: Examples,
    sets: int = 5,
    copied: Bool[np.ndarray, " n"] | None = None,
) -> dict[str, Values]:
    """Sets of samples, and of training shapes, against all examples.

    Each set has as many shapes as there are examples (training shapes: at most as many
    as there are). The training shapes' row says what the measures give for shapes of
    the same distribution: for `originals`, not for what was made from them. Beside it
    stand `health` and `quality` of all, with the `raggedness`, which is the corners
    relative to those of the examples; and the mean IoU with the nearest training
    shape (`nearest_training_iou`) of samples and examples, which tells memorising.

    Args:
      models: as from `drawing_models`.
      train: shapes it was trained on.
      examples: shapes it was not, the reference.
      sets: how many, of different seeds.
      copied: which examples are in training, too; None if that is not known.
    """
    shapes, unmade = examples.voxels[...] > 0, originals(train).voxels
    count, features = len(examples), learn_features(unmade)
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in (*models, TRAINING)}
    comparisons = 1 + sets * len(rows)
    with Progress("samples", total=_DISTANCES * comparisons) as progress:
        progress.stage(REFERENCE)
        reference = Reference(shapes, features, progress)
        for seed in range(sets):
            for name, drawing in models.items():
                progress.stage(f"set {seed + 1} of {sets}, {name}")
                samples = sample_set(drawing, count, seed)
                values = reference.compare(samples) | _alone(samples, train.voxels)
                rows[name].append(values)
            progress.stage(f"set {seed + 1} of {sets}, {TRAINING}")
            drawn = np.random.default_rng(seed).permutation(len(unmade))[:count]
            chosen = unmade[drawn] > 0
            rows[TRAINING].append(reference.compare(chosen) | _by_themselves(chosen))
    rows[REFERENCE] = [_alone(shapes, train.voxels)]
    if copied is not None and copied.any() and not copied.all():
        rows[UNSEEN] = [_alone(shapes[~copied], train.voxels)]
    usual = rows[REFERENCE][0]["corners"]
    for row in itertools.chain.from_iterable(rows.values()):
        row["raggedness"] = row["corners"] / usual
    return {
        name: {key: [row[key] for row in of_sets] for key in of_sets[0]}
        for name, of_sets in rows.items()
    }


def _by_themselves(shapes: Shapes) -> dict[str, float]:
    return health(shapes) | quality(shapes)


def _alone(shapes: Shapes, trained: Stored) -> dict[str, float]:
    distances, _ = nearest_by_iou(shapes, trained)
    nearest = {"nearest_training_iou": float((1 - distances).mean())}
    return _by_themselves(shapes) | nearest
