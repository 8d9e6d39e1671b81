"""Writes evaluations: a Markdown report with curves and pictures, and JSON."""

import json
import os
import pathlib
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from vaegan_jax.data.held_out import HELD_OUT, VALIDATION
from vaegan_jax.evaluate import tables
from vaegan_jax.evaluate.copies import NEAR
from vaegan_jax.evaluate.evaluation import Evaluation
from vaegan_jax.evaluate.reconstruction import (
    ESTIMATED,
    GENERATOR,
    HULL,
    HULL_SURFACE,
    MODEL,
    RETRIEVAL,
    Row,
)

# By `config.data.choose_on`.
PLACES = {HELD_OUT: "the held-out training shapes", VALIDATION: "validation"}

CURVES = ("iou", "average_precision", "f_score", "squared_error")

_STYLES = {
    MODEL: "o-",
    ESTIMATED: "x-",
    GENERATOR: "D--",
    RETRIEVAL: "s--",
    HULL: "^:",
    HULL_SURFACE: "v:",
}


def draw_curves(labelled_rows: list[tuple[str, list[Row]]]) -> Image.Image:
    """Measures over the number of views, with bars of one standard error over shapes.

    Args:
      labelled_rows: for each model what its curves are called (empty for just one),
        and its rows. Predictions that see no views are lines across.
    """
    figure = Figure(figsize=(11, 7.4), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(2, 2).ravel()
    for axes, measure in zip(panels, CURVES, strict=True):
        for number, (label, rows) in enumerate(labelled_rows):
            _draw_rows(axes, measure, rows, label, f"C{number}")
        axes.set_xlabel("views")
        axes.set_ylabel(tables.RECONSTRUCTION[measure][0])
        axes.grid(alpha=0.3)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    canvas.draw()
    return Image.frombuffer(
        "RGBA", canvas.get_width_height(), canvas.buffer_rgba()
    ).convert("RGB")


def _draw_rows(axes, measure: str, rows: list[Row], label: str, colour: str) -> None:
    for prediction, style in _STYLES.items():
        seen = [row for row in rows if row.prediction == prediction]
        hull = prediction in (HULL, HULL_SURFACE)
        # Its squared error would leave no room for the others.
        if not seen or (hull and (label or measure == "squared_error")):
            continue
        axes.errorbar(
            [row.views for row in seen],
            [row.mean(measure) for row in seen],
            [row.standard_error(measure) for row in seen],
            fmt=style,
            color=colour,
            capsize=3,
            label=f"{prediction}, {label}" if label else prediction,
        )
    if label:
        return  # hulls and the rows without views do not depend on the model
    for number, row in enumerate(row for row in rows if row.views is None):
        axes.axhline(
            row.mean(measure),
            linestyle=(":", "-.")[number % 2],
            color="grey",
            label=row.prediction,
        )


def format_tables(evaluation: Evaluation) -> str:
    """The sections of numbers, as printed and as in the report."""
    about = evaluation.about
    sections = [_heading(about), _in_training(about)]
    if evaluation.reconstruction:
        sections += [
            "## Reconstruction",
            tables.reconstruction_table(evaluation.reconstruction),
            f'{_threshold(evaluation)} "IoU at own": each shape at the threshold that '
            "is expected to be its best, by its probabilities. Means over shapes "
            f"and {about['draws']} draws of views.",
        ]
    if evaluation.without_copies:
        sections += [
            f"## Reconstruction without the {about['in_training']} shapes that are in "
            "training",
            tables.reconstruction_table(evaluation.without_copies),
        ]
    sections += _of_samples(evaluation)
    if evaluation.representation:
        sections += [
            "## Representation",
            tables.representation_table(evaluation.representation),
        ]
    return "\n\n".join(sections)


def _of_samples(evaluation: Evaluation) -> list[str]:
    """The sections on new shapes, if they are measured."""
    about = evaluation.about
    if not evaluation.generation:
        return []
    return [
        "## Generation",
        tables.generation_table(evaluation.generation),
        f"{about['sets']} sets of {about['shapes']} shapes each, mean ± standard "
        "deviation; the training shapes' row is what shapes of the same distribution "
        "score.",
        "### By features learnt from training shapes alone",
        tables.learnt_table(evaluation.generation),
        "## Quality of single shapes",
        tables.quality_table(evaluation.generation),
        "Means over shapes; all are faults, of which real shapes have some, too.",
        "## Health and memorisation",
        tables.health_table(evaluation.generation),
    ]


def _heading(about: dict[str, Any]) -> str:
    text = (
        f"{about['algorithm']} at step {about['step']} in {about['workdir']}: "
        f"{about['shapes']} shapes of {about['split']} in {about['data']}"
    )
    chosen_on = about["checkpoint_chosen_on"]
    if chosen_on:
        text += f"; the step was chosen on {PLACES[chosen_on]}"
    if chosen_on == VALIDATION == about["split"]:
        text += ": optimistic"
    return text


def _in_training(about: dict[str, Any]) -> str:
    where = f"the training split of {about['in_training_of']}"
    unknown = " What the model learnt from is not known, or not there any more."
    if about["trained_on"]:
        learnt = "The model learnt from all of these shapes: they"
        if not about["learnt_from_these"]:
            learnt = (
                f"All of these shapes are in {where}.{unknown} If it was that, they"
            )
        return (
            f"{learnt} tell how well it fits, and beside `--split=validation` what it "
            "lacks of generalisation. Those that were held out are left out, and so "
            "are deformed copies, retrieval and new shapes."
        )
    text = (
        f"Of these shapes {about['in_training']} are in {where}, too, identical or "
        f"mirrored; {about['nearly_in_training']} more have an IoU above {NEAR} with "
        "one there."
    )
    return text if about["learnt_from_these"] else text + unknown


def _threshold(evaluation: Evaluation) -> str:
    about, chosen = evaluation.about, evaluation.reconstruction[0].threshold
    place = f"{PLACES[about['threshold_chosen_on']]} of {about['training_data']}"
    text = (
        f"The model's IoU, F-score and Chamfer distance are at threshold {chosen}, "
        f"chosen on {place} "
        f"({about['threshold_shapes']} shapes)"
    )
    if about["threshold_is_optimistic"]:
        text += ", of which some are measured here: optimistic"
    return f"{text}."


def write_evaluation(output: pathlib.Path, evaluation: Evaluation) -> None:
    """Writes `report.md`, `metrics.json` and the pictures that the report shows."""
    output.mkdir(parents=True, exist_ok=True)
    pictures = dict(evaluation.pictures)
    captions = {
        "curves": "Measures over the number of views; bars are one standard error over "
        "shapes.",
        "reconstructions": "The two best, two median and two worst reconstructions by "
        f"IoU, of {evaluation.about['shapes']}.",
        "evidence": "From what the refiner reads to the shape, of the median "
        "reconstruction by IoU. The visual hull: the cells that no view excludes. Mean "
        "ink: of all views, in the middle slice, front to the left.",
        "samples": "Samples from the prior, not chosen.",
        "samples_like_training_shapes": "Samples like the training shapes, not chosen.",
    }
    if evaluation.reconstruction:
        pictures["curves"] = draw_curves([("", evaluation.reconstruction)])
    parts = ["# Evaluation", format_tables(evaluation), "## Pictures"]
    for name, caption in captions.items():
        if name in pictures:
            pictures[name].save(output / f"{name}.png")
            parts.append(f"![{caption}]({name}.png)\n\n*{caption}*")
    write_text(output / "metrics.json", to_json(evaluation.to_dict()))
    write_text(output / "report.md", "\n\n".join(parts) + "\n")


def to_json(values: dict[str, Any]) -> str:
    """As JSON; lists of numbers take one line."""
    return json.dumps(values, indent=1) + "\n"


def write_text(path: pathlib.Path, text: str) -> None:
    """Writes a file that is either complete or not there."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, "utf-8")
    os.replace(partial, path)
