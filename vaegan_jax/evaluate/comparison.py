"""Two models on the same shapes: paired differences and their spread."""

import pathlib
from typing import Any

import numpy as np
from jaxtyping import Float

from vaegan_jax.errors import UserError
from vaegan_jax.evaluate import tables
from vaegan_jax.evaluate.evaluation import Evaluation
from vaegan_jax.evaluate.generation import LIKE, SAMPLES
from vaegan_jax.evaluate.reconstruction import MODEL
from vaegan_jax.evaluate.report import draw_curves, to_json, write_text

# Of a normal distribution, for 95 %.
_QUANTILE = 1.96

# Measures of which less is better.
_ERRORS = ("squared_error", "chamfer_distance")


def paired_difference(
    first: Float[np.ndarray, " n"], second: Float[np.ndarray, " n"]
) -> dict[str, float]:
    """Second minus first, pair by pair.

    Returns:
      `mean`; `deviation` of the differences; `low` and `high`, the ends of the mean's
      95 % interval by the normal approximation; and `raised`, the share of pairs in
      which the second is higher (a tie counts half).
    """
    differences = np.float64(second) - first
    count = len(differences)
    deviation = float(differences.std(ddof=1)) if count > 1 else 0.0
    mean, reach = float(differences.mean()), _QUANTILE * deviation / count**0.5
    return {
        "mean": mean,
        "deviation": deviation,
        "low": mean - reach,
        "high": mean + reach,
        "raised": float(((differences > 0) + 0.5 * (differences == 0)).mean()),
    }


def compare(first: Evaluation, second: Evaluation) -> dict[str, Any]:
    """Differences for each number of views over shapes, and of samples over sets.

    The same shapes, subsets of views and numbers of sets belong together.

    Raises:
      UserError: the two were not measured on the same shapes, or not from the same
        views, as far as they can be compared: not if they are of different sizes or
        channels.
    """
    grids = [evaluation.about.get("voxels_sha256") for evaluation in (first, second)]
    if first.names != second.names or grids[0] != grids[1]:
        raise UserError(
            f"{first.about['workdir']} and {second.about['workdir']} were measured on "
            "different shapes; name one data set with --data_dir"
        )
    sizes, channels, views = (
        [({"image_channels": 1} | one.about).get(name) for one in (first, second)]
        for name in ("image_size", "image_channels", "views_sha256")
    )
    comparable = sizes[0] == sizes[1] and channels[0] == channels[1]
    if comparable and views[0] != views[1]:
        raise UserError(
            f"{first.about['workdir']} and {second.about['workdir']} were measured on "
            "other views of the same shapes; name one data set with --data_dir"
        )
    rows = [
        {row.views: row for row in evaluation.reconstruction if row.prediction == MODEL}
        for evaluation in (first, second)
    ]
    reconstruction = {
        views: {
            measure: paired_difference(
                rows[0][views].per_shape(measure), rows[1][views].per_shape(measure)
            )
            for measure in tables.RECONSTRUCTION
        }
        for views in sorted(rows[0].keys() & rows[1].keys())
    }
    generation = {
        name: {
            measure: paired_difference(
                np.array(values), np.array(second.generation[name][measure])
            )
            for measure, values in first.generation[name].items()
        }
        for name in (SAMPLES, LIKE)
        if name in first.generation and name in second.generation
    }
    return {
        "workdirs": [first.about["workdir"], second.about["workdir"]],
        "steps": [first.about["step"], second.about["step"]],
        "in_training": [first.about["in_training"], second.about["in_training"]],
        "reconstruction": reconstruction,
        "generation": generation,
    }


def format_comparison(comparison: dict[str, Any]) -> str:
    """The differences as Markdown tables."""
    copies = comparison["in_training"]
    first, second = (
        f"{workdir} at step {step}"
        for workdir, step in zip(
            comparison["workdirs"], comparison["steps"], strict=True
        )
    )
    parts = [
        f"Differences: {second}, minus {first}. Of the shapes {copies[0]} are in the "
        f"training split of the first, {copies[1]} in that of the second."
    ]
    if comparison["reconstruction"]:
        parts += ["## Reconstruction, over shapes", _reconstruction_table(comparison)]
        parts.append(
            "Mean difference [95 % interval of the mean over shapes]; in brackets the "
            "share of shapes for which the second model is better."
        )
    if comparison["generation"]:
        parts += ["## Generation, over sets of samples", _generation_table(comparison)]
    return "\n\n".join(parts)


def _reconstruction_table(comparison: dict[str, Any]) -> str:
    lines = []
    for views, row in comparison["reconstruction"].items():
        cells = []
        for measure, (_, factor, form) in tables.RECONSTRUCTION.items():
            d = row[measure]
            better = 1 - d["raised"] if measure in _ERRORS else d["raised"]
            mean, low, high = (factor * d[key] for key in ("mean", "low", "high"))
            cells.append(
                f"{mean:+{form}} [{low:+{form}}, {high:+{form}}] ({better:.0%})"
            )
        lines.append([str(views), *cells])
    return tables.table(
        ["views", *(name for name, _, _ in tables.RECONSTRUCTION.values())], lines
    )


def _generation_table(comparison: dict[str, Any]) -> str:
    return tables.table(
        ["set", "measure", "mean difference", "deviation over sets"],
        [
            [name, measure, f"{d['mean']:+.4f}", f"{d['deviation']:.4f}"]
            for name, row in comparison["generation"].items()
            for measure, d in row.items()
        ],
    )


def write_comparison(
    output: pathlib.Path, first: Evaluation, second: Evaluation
) -> dict[str, Any]:
    """Writes `comparison.md`, `comparison.json` and `comparison.png`; returns it."""
    comparison = compare(first, second)
    output.mkdir(parents=True, exist_ok=True)
    text = ["# Comparison", format_comparison(comparison)]
    if comparison["reconstruction"]:
        labels = _short_names(first, second)
        rows = (first.reconstruction, second.reconstruction)
        picture = draw_curves(list(zip(labels, rows, strict=True)))
        picture.save(output / "comparison.png")
        text.append("![Measures over the number of views](comparison.png)")
    write_text(output / "comparison.json", to_json(comparison))
    write_text(output / "comparison.md", "\n\n".join(text) + "\n")
    return comparison


def _short_names(first: Evaluation, second: Evaluation) -> list[str]:
    """The last parts of the work directories, or the steps of one and the same."""
    names = [pathlib.Path(e.about["workdir"]).name for e in (first, second)]
    if names[0] != names[1]:
        return names
    return [
        f"{n} at {e.about['step']}" for n, e in zip(names, (first, second), strict=True)
    ]
