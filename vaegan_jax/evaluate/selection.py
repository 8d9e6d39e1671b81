"""The cheap part of evaluation, by which training keeps its best checkpoint."""

import numpy as np

from vaegan_jax.dataset import Examples
from vaegan_jax.evaluate.generation import sample_set
from vaegan_jax.evaluate.reconstruction import Truth, choose_threshold, measure
from vaegan_jax.evaluate.views import encode_all, pooled_latents, view_subsets
from vaegan_jax.inference import Model
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


def validate(model: Model, validation: Examples) -> dict[str, float]:
    """Seconds' worth of measures on the validation split.

    Returns:
      With an encoder, the reconstruction measures at the number of views of training;
      always, measures of samples, named `samples_…`; and `score`, which is higher for
      a better model: the mean IoU at the best threshold, or without an encoder how
      hard it is to tell samples from validation shapes: 1 where their 1-NNA is that of
      tossing a coin, 0 where it is 100 % (or 0 %: copies).
    """
    values = _samples(model, validation)
    # MMD would not do: it asks only for some good samples, not for all kinds of shapes.
    score = 1 - abs(2 * values["samples_1nna_iou"] - 1)
    if model.networks.encoder is not None:
        values = _reconstructions(model, validation) | values
        score = values["iou"]
    return values | {SCORE: score}


def _samples(model: Model, validation: Examples) -> dict[str, float]:
    count = min(len(validation), _MOST_SAMPLES)
    samples, shapes = sample_set(model, count, seed=0), validation.voxels[:count] > 0
    found = metrics.neighbours(
        iou_distances(samples, shapes),
        iou_distances(samples, samples),
        iou_distances(shapes, shapes),
    )
    return {
        "samples_mmd_iou": metrics.minimum_matching_distance(found),
        "samples_cov_iou": metrics.coverage(found),
        "samples_1nna_iou": metrics.one_nearest_neighbour_accuracy(found),
        "samples_fill_rate": float(fill_rate(samples).mean()),
    }


def _reconstructions(model: Model, validation: Examples) -> dict[str, float]:
    count, stored = validation.views.shape[:2]
    views = min(model.config.data.num_views, stored)
    subset = view_subsets(count, stored, views, seed=0)
    # Only the views that are needed are encoded.
    seen = Examples(
        validation.names,
        validation.voxels,
        validation.views[np.arange(count)[:, None], subset],
    )
    everything = np.broadcast_to(np.arange(views), subset.shape)
    latents = pooled_latents(model, encode_all(model, seen), everything)
    predict = lambda numbers: model.decode(latents[numbers])  # noqa: E731
    truth = Truth(validation)
    threshold = choose_threshold(predict, truth.occupied)
    measured = measure(predict, truth, threshold)
    means = {name: float(values.mean()) for name, values in measured.items()}
    return means | {"threshold": threshold}
