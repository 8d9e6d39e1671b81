"""How well shapes are reconstructed from views, beside rows that need no learning."""

import dataclasses
import functools
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.distance import cdist

from vaegan_jax.config.reference import views_of_training
from vaegan_jax.data.examples import Examples
from vaegan_jax.evaluate.reconstructions import Predictor, Reconstructions
from vaegan_jax.evaluate.visual_hulls import VisualHulls
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.views import latents_of_all_views
from vaegan_jax.metrics import points, reconstruction
from vaegan_jax.metrics.distances import nearest_by_iou
from vaegan_jax.runtime.progress import Progress
from vaegan_jax.runtime.stored import parts
from vaegan_jax.shapes.thresholds import expected_iou_threshold

VIEW_COUNTS = (1, 2, 3, 4, 6, 8, 12)
FIXED_THRESHOLDS = (0.3, 0.4, 0.5)

# Of estimated cameras: to estimate one takes a tenth of a second and more.
_ESTIMATED_COUNTS = (1, 3, 6, 12)

# IoU, each shape filled above the threshold that is expected to be its best.
OWN = "iou_own"

# Among which the one of the highest mean IoU is chosen.
THRESHOLDS = tuple(round(0.05 * i, 2) for i in range(1, 20))

MODEL, RETRIEVAL = "model", "retrieval by image latent"
ESTIMATED, GENERATOR = "model, cameras estimated", "its generator alone"
HULL, HULL_SURFACE = "visual hull", "surface of the visual hull"
MEAN_SHAPE, ORACLE = "mean training shape", "retrieval by the truth (oracle)"

_BATCH = 32


class Truth:
    """What predictions are measured against: shapes, and points on their surfaces."""

    def __init__(self, examples: Examples, seed: int = 0):
        self.names = examples.names
        self.occupied = examples.voxels[...] > 0
        self.points = [
            points.surface_points(np.random.default_rng([seed, i]), grid)
            for i, grid in enumerate(self.occupied)
        ]

    def __len__(self) -> int:
        return len(self.names)


@dataclasses.dataclass(frozen=True)
class Row:
    """One prediction, measured.

    Attributes:
      prediction: what predicts.
      views: how many it sees; None if it sees none.
      threshold: above which a voxel counts as filled in `iou`, `f_score` and
        `chamfer_distance`.
      values: of each measure, for each draw of views and each shape.
    """

    prediction: str
    views: int | None
    threshold: float
    values: dict[str, Float[np.ndarray, "draws n"]]

    def per_shape(self, measure: str) -> Float[np.ndarray, " n"]:
        """Means over draws."""
        return self.values[measure].mean(0)

    def mean(self, measure: str) -> float:
        """Over draws and shapes."""
        return float(self.values[measure].mean())

    def only(self, kept: Bool[np.ndarray, " n"]) -> "Row":
        """The same of some of the shapes."""
        values = {name: value[:, kept] for name, value in self.values.items()}
        return dataclasses.replace(self, values=values)

    def spread(self, measure: str) -> float | None:
        """Standard deviation of the mean from draw to draw; None of a single draw."""
        means = self.values[measure].mean(1)
        return float(means.std(ddof=1)) if len(means) > 1 else None

    def standard_error(self, measure: str) -> float:
        """Of the mean, for the choice of shapes."""
        values = self.per_shape(measure)
        return (
            float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0
        )


@jax.jit
def _measure(probabilities, truth, threshold, own) -> dict[str, jax.Array]:
    iou = reconstruction.intersection_over_union
    return {
        "squared_error": reconstruction.squared_error(probabilities, truth),
        "iou": iou(probabilities, truth, threshold),
        OWN: iou(probabilities, truth, own[:, None, None, None]),
        **{f"iou_{t}": iou(probabilities, truth, t) for t in FIXED_THRESHOLDS},
        "average_precision": reconstruction.average_precision(probabilities, truth),
    }


@jax.jit
def _iou_at_thresholds(probabilities, truth) -> jax.Array:
    return jax.lax.map(
        lambda t: reconstruction.intersection_over_union(probabilities, truth, t),
        jnp.array(THRESHOLDS),
    )


def _batches(count: int):
    """Numbers of shapes, the last repeated to fill the batch, and which count."""
    size = min(_BATCH, count)
    for start in range(0, count, size):
        wanted = np.arange(start, start + size)
        yield np.minimum(wanted, count - 1), wanted < count


def choose_threshold(
    predict: Predictor, occupied: Bool[np.ndarray, "n x y z"]
) -> float:
    """The one of `THRESHOLDS` with the highest mean IoU."""
    total = np.zeros(len(THRESHOLDS))
    for numbers, counts in _batches(len(occupied)):
        iou = _iou_at_thresholds(predict(numbers), occupied[numbers])
        total += np.asarray(iou)[:, counts].sum(1)
    return THRESHOLDS[int(total.argmax())]


def measure(
    predict: Predictor, truth: Truth, threshold: float, seed: int = 0
) -> dict[str, Float[np.ndarray, " n"]]:
    """Every measure of every shape.

    Args:
      predict: what is measured.
      truth: against which.
      threshold: see `Row`.
      seed: of the points on the predicted surfaces.
    """
    parts = []
    for numbers, counts in _batches(len(truth)):
        predicted = np.asarray(predict(numbers), np.float32)
        own = np.array([expected_iou_threshold(shape) for shape in predicted])
        part = _measure(predicted, truth.occupied[numbers], threshold, own)
        part = {name: np.asarray(value)[counts] for name, value in part.items()}
        surfaces = [
            _measure_surface(
                np.random.default_rng([seed, 1, i]), grid > threshold, truth.points[i]
            )
            for i, grid in zip(numbers[counts], predicted[counts], strict=True)
        ]
        part["f_score"], part["chamfer_distance"] = np.array(surfaces).T
        parts.append(part)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measure_surface(rng, occupied, truth_points) -> tuple[float, float]:
    drawn = points.surface_points(rng, occupied)
    distances = points.surface_distances(drawn, truth_points)
    voxel = 1 / occupied.shape[-1]
    return points.f_score(distances, voxel), points.chamfer_distance(distances)


def evaluate_reconstruction(
    model: Model,
    train: Examples,
    choosing: Examples,
    examples: Examples,
    view_counts: Sequence[int] = VIEW_COUNTS,
    draws: int = 3,
    retrieval: bool = True,
) -> list[Row]:
    """All rows: the model and retrieval for each number of views, mean shape, oracle.

    Of a model with a refiner, also what G alone makes of the views. Where the cameras
    of all views are known, also their visual hulls; the refiner is told them, and has
    another row without.

    Args:
      model: with an encoder.
      train: shapes that may be retrieved, with their views.
      choosing: on which thresholds are chosen, at the number of views of training.
      examples: the truth, with views.
      view_counts: those that the examples do not have are left out.
      draws: subsets of views of each shape for each count.
      retrieval: with rows of it. Shapes that are in `train` would find themselves.
    """
    truth = Truth(examples)
    stored = examples.views.shape[1]
    counts = [views for views in view_counts if views <= stored]
    planned = [
        (way, views, range(min(way.draws, 1 if views == stored else draws)))
        for way in _ways(model, train, choosing, examples)
        for views in counts
        if views in way.counts and (retrieval or way.prediction != RETRIEVAL)
    ]
    total = sum(len(seeds) for _, _, seeds in planned)
    rows = []
    with Progress("reconstructions", total=total) as progress:
        for way, views, seeds in planned:
            progress.stage(f"{way.prediction}, {views} views")
            measured = []
            for seed in seeds:
                predict = way.predictor(views, seed)
                measured.append(measure(predict, truth, way.threshold))
                progress.update()
            values = {k: np.stack([m[k] for m in measured]) for k in measured[0]}
            rows.append(Row(way.prediction, views, way.threshold, values))
        progress.stage("baselines")
        rows += baseline_rows(train, choosing, truth)
    return [row for row in rows if retrieval or row.prediction != ORACLE]


class _Way(NamedTuple):
    """A way to predict shapes from views.

    Attributes:
      prediction: its name.
      threshold: above which a voxel counts as filled.
      predictor: from a number of views and a seed.
      counts: the numbers of views that are measured.
      draws: of views of each shape, at most. Of all views there is but one.
    """

    prediction: str
    threshold: float
    predictor: Callable[[int, int], Predictor]
    counts: Sequence[int] = range(1, sys.maxsize)
    draws: int = sys.maxsize


def _ways(
    model: Model, train: Examples, choosing: Examples, examples: Examples
) -> list[_Way]:
    """All there are of a model, and those that need no learning where there are some.

    Thresholds are chosen at the number of views of training.
    """
    seen, known = Reconstructions(model, examples), Reconstructions(model, choosing)
    trained = min(views_of_training(model.config), known.stored)
    occupied = choosing.voxels[...] > 0

    def choose(predictor: Callable[[int, int], Predictor]) -> float:
        return choose_threshold(predictor(trained, 0), occupied)

    gallery = latents_of_all_views(model, train)

    def retrieve(views, seed) -> Predictor:
        latents = seen.latents(views, seed)
        blocks = (latents[i : i + _BATCH] for i in range(0, len(latents), _BATCH))
        nearest = np.concatenate([cdist(b, gallery).argmin(1) for b in blocks])
        return lambda numbers: np.float32(train.voxels[nearest[numbers]])

    ways = [_Way(MODEL, choose(known.predictor), seen.predictor)]
    if model.networks.refiner is not None:
        if VisualHulls.known(examples):
            blind = seen.without_cameras().predictor
            some = _Way(ESTIMATED, ways[0].threshold, blind, _ESTIMATED_COUNTS, draws=1)
            ways.append(some)
        ways.append(_Way(GENERATOR, choose(known.of_generator), seen.of_generator))
    ways.append(_Way(RETRIEVAL, 0.5, retrieve))
    if VisualHulls.known(examples):
        hulls = VisualHulls(examples)
        ways += [
            _Way(name, 0.5, functools.partial(_predict_made, make))
            for name, make in ((HULL, hulls.solids), (HULL_SURFACE, hulls.surfaces))
        ]
    return ways


def _predict_made(make, views: int, seed: int) -> Predictor:
    grids = make(views, seed)
    return lambda numbers: np.float32(grids[numbers])


def baseline_rows(train: Examples, choosing: Examples, truth: Truth) -> list[Row]:
    """The mean training shape, and an oracle that retrieves by the truth."""
    filled = sum(part.sum(0, dtype=np.int64) for part in parts(train.voxels))
    mean = np.float32(filled / len(train))
    predict_mean = lambda numbers: np.broadcast_to(mean, (len(numbers), *mean.shape))  # noqa: E731
    cut = choose_threshold(predict_mean, choosing.voxels[...] > 0)
    _, nearest = nearest_by_iou(truth.occupied, train.voxels)
    predict_nearest = lambda numbers: np.float32(train.voxels[nearest[numbers]])  # noqa: E731
    return [
        Row(name, None, threshold, _single(measure(predict, truth, threshold)))
        for name, threshold, predict in (
            (MEAN_SHAPE, cut, predict_mean),
            (ORACLE, 0.5, predict_nearest),
        )
    ]


def _single(measured: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: values[None] for name, values in measured.items()}
