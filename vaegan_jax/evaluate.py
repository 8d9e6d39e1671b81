"""How well a model reconstructs and samples, beside rows that need no learning."""

from collections.abc import Callable, Sequence

import jax
import numpy as np
from jaxtyping import Float, UInt8

from vaegan_jax.dataset import Examples, evaluation_batches
from vaegan_jax.inference import Model
from vaegan_jax.metrics import reconstruction
from vaegan_jax.metrics.reconstruction import OCCUPIED

THRESHOLDS = (0.3, 0.4, 0.5)
VIEW_COUNTS = (1, 2, 3, 6, 12)

Row = dict[str, float]


@jax.jit
def _measure(probabilities, truth) -> dict[str, jax.Array]:
    row = {"squared_error": reconstruction.squared_error(probabilities, truth)}
    for threshold in THRESHOLDS:
        row[f"iou_{threshold}"] = reconstruction.intersection_over_union(
            probabilities, truth, threshold
        )
    row["average_precision"] = reconstruction.average_precision(probabilities, truth)
    return row


def measure(
    predict: Callable[[Examples, int], Float[np.ndarray, "b x y z"]],
    examples: Examples,
    batch_size: int = 32,
) -> Row:
    """Means over all examples, each counted once.

    Args:
      predict: occupancy probabilities for a batch, given also its first index.
      examples: the truth.
      batch_size: how many are measured at a time.
    """
    rows = []
    for number, (batch, mask) in enumerate(evaluation_batches(examples, batch_size)):
        predicted = predict(batch, number * batch_size)
        row = _measure(predicted, batch.voxels > 0)
        rows.append({name: np.asarray(value)[mask] for name, value in row.items()})
    return {
        name: float(np.concatenate([row[name] for row in rows]).mean())
        for name in rows[0]
    }


def select_views(
    views: UInt8[np.ndarray, "b v h w c"], count: int, first_index: int
) -> UInt8[np.ndarray, "b k h w c"]:
    """`count` evenly spaced views of each shape, starting one further at each shape.

    So the same views are chosen every time, and all azimuths take part equally.
    """
    batch, stored = views.shape[:2]
    spaced = np.arange(count) * stored // count
    starts = first_index + np.arange(batch)
    chosen = (starts[:, None] + spaced) % stored
    return views[np.arange(batch)[:, None], chosen]


def evaluate_reconstruction(
    model: Model, examples: Examples, view_counts: Sequence[int] = VIEW_COUNTS
) -> dict[str, Row]:
    """One row for each number of views that the examples have."""
    stored = examples.views.shape[1]

    def row(count):
        return measure(
            lambda batch, first: model.reconstruct(
                select_views(batch.views, count, first)
            ),
            examples,
        )

    return {f"{n} views": row(n) for n in view_counts if n <= stored}


def mean_shape_row(train: Examples, examples: Examples) -> Row:
    """What predicting the mean training shape for everything scores."""
    mean = train.voxels.mean(0, dtype=np.float32)
    return measure(lambda batch, _: np.broadcast_to(mean, batch.voxels.shape), examples)


def nearest_training_row(train: Examples, examples: Examples) -> Row:
    """What an oracle scores that looks the truth up among the training shapes."""
    stored = train.voxels

    def predict(batch, _):
        nearest, _ = nearest_shapes(batch.voxels, stored)
        return stored[nearest].astype(np.float32)

    return measure(predict, examples)


def nearest_shapes(
    shapes: UInt8[np.ndarray, "n x y z"], candidates: UInt8[np.ndarray, "m x y z"]
) -> tuple[np.ndarray, np.ndarray]:
    """For each shape the candidate of highest IoU: its index and that IoU, both (n)."""
    a = shapes.reshape(len(shapes), -1).astype(np.float32)
    b = candidates.reshape(len(candidates), -1).astype(np.float32)
    intersection = a @ b.T
    union = a.sum(1)[:, None] + b.sum(1)[None] - intersection
    iou = np.where(union > 0, intersection / np.maximum(union, 1), 1)
    return iou.argmax(1), iou.max(1)


def sample_row(model: Model, train: Examples, count: int = 128, seed: int = 0) -> Row:
    """Health of samples from the prior, beside the training shapes' fill rate."""
    occupied = (model.sample(count, seed) > OCCUPIED).astype(np.uint8)
    fill = occupied.mean((1, 2, 3))
    _, iou = nearest_shapes(occupied, train.voxels)
    return {
        "fill_rate": float(fill.mean()),
        "training_fill_rate": float(train.voxels.mean()),
        "empty_share": float((fill == 0).mean()),
        "nearest_training_iou": float(iou.mean()),
    }


def evaluate(model: Model, train: Examples, examples: Examples) -> dict[str, Row]:
    """All rows: by number of views, without learning, and samples."""
    rows = {}
    if model.networks.encoder is not None:
        rows |= evaluate_reconstruction(model, examples)
    rows["mean training shape"] = mean_shape_row(train, examples)
    rows["nearest training shape (oracle)"] = nearest_training_row(train, examples)
    rows["samples"] = sample_row(model, train)
    return rows


def format_table(rows: dict[str, Row]) -> str:
    """The reconstruction rows as a Markdown table, then the samples' health."""
    measured = {name: row for name, row in rows.items() if "squared_error" in row}
    columns = list(next(iter(measured.values())))
    lines = ["| prediction | " + " | ".join(columns) + " |"]
    lines.append("| --- |" + " --- |" * len(columns))
    for name, row in measured.items():
        cells = [
            f"{row[c]:.0f}" if c == "squared_error" else f"{row[c]:.3f}"
            for c in columns
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    health = ", ".join(f"{key} {value:.3f}" for key, value in rows["samples"].items())
    return "\n".join([*lines, "", f"samples: {health}"])
