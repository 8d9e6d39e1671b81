"""The cheap part of evaluation, by which training keeps its best checkpoint.

It measures shapes that are reported nowhere, see `data.held_out`.
"""

import numpy as np

from vaegan_jax.config.reference import views_of_training
from vaegan_jax.data.examples import Examples
from vaegan_jax.evaluate.generation import sample_set
from vaegan_jax.evaluate.reconstruction import Truth, choose_threshold, measure
from vaegan_jax.evaluate.reconstructions import Reconstructions
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.views import view_subsets
from vaegan_jax.metrics import generation as metrics
from vaegan_jax.metrics.distances import iou_distances
from vaegan_jax.metrics.health import fill_rate

_MOST_SAMPLES = 256

SCORE = "score"

# What a line of the log has room for.
SUMMARY = (
    *("squared_error", "average_precision", "iou", "threshold"),
    *("samples_mmd_iou", "samples_1nna_iou", "samples_fill_rate"),
)


def validate(model: Model, choosing: Examples) -> dict[str, float]:
    """Seconds' worth of measures on the shapes to choose on.

    Returns:
      With an encoder, the reconstruction measures at the number of views of training;
      always, measures of samples, named `samples_…`; and `score`, which is higher for
      a better model: the mean IoU at the best threshold, or without an encoder how
      hard samples and these shapes are to tell apart, see `_indistinguishable`.
    """
    values = _samples(model, choosing)
    if model.networks.encoder is None:
        return values | {SCORE: _indistinguishable(values)}
    values = _reconstructions(model, choosing) | values
    return values | {SCORE: values["iou"]}


def _samples(model: Model, choosing: Examples) -> dict[str, float]:
    count = min(len(choosing), _MOST_SAMPLES)
    samples, shapes = sample_set(model, count, seed=0), choosing.voxels[:count] > 0
    found = metrics.neighbours(
        iou_distances(samples, shapes),
        iou_distances(samples, samples),
        iou_distances(shapes, shapes),
    )
    none = np.zeros(count, bool)
    accuracy = metrics.one_nearest_neighbour_accuracy
    return {
        "samples_mmd_iou": metrics.minimum_matching_distance(found),
        "samples_cov_iou": metrics.coverage(found),
        "samples_1nna_iou": accuracy(found),
        "samples_1nna_generated_iou": accuracy(found, reference=none),
        "samples_1nna_reference_iou": accuracy(found, generated=none),
        "samples_fill_rate": float(fill_rate(samples).mean()),
    }


def _indistinguishable(values: dict[str, float]) -> float:
    """1 where 1-NNA is that of tossing a coin, 0 where it is 100 %, or 0 %: copies.

    The worse of the two sets counts: samples all alike are told for certain, and among
    grids of noise, which are nearer to any chair than to each other, the chairs are.
    (MMD would not do either: it is satisfied with a few good kinds.)
    """
    accuracies = [
        values[f"samples_1nna_{which}_iou"] for which in ("generated", "reference")
    ]
    return min(1 - abs(2 * accuracy - 1) for accuracy in accuracies)


def _reconstructions(model: Model, choosing: Examples) -> dict[str, float]:
    count, stored = choosing.views.shape[:2]
    views = min(views_of_training(model.config), stored)
    subset = view_subsets(count, stored, views, seed=0)
    # Only the views that are needed are encoded.
    seen = choosing.seen_in(np.arange(count), subset)
    everything = np.broadcast_to(np.arange(views), subset.shape)
    predict = Reconstructions(model, seen).from_views(everything)
    truth = Truth(choosing)
    threshold = choose_threshold(predict, truth.occupied)
    measured = measure(predict, truth, threshold)
    means = {name: float(values.mean()) for name, values in measured.items()}
    return means | {"threshold": threshold}
