"""Single- and multi-view reconstruction as the field measures it on 3D-R2N2's renders.

The first n of the stored views are given, and the IoU at fixed thresholds, averaged
over shapes, is reported at the best of them: Choy et al. 2016,
https://arxiv.org/abs/1604.00449, and those who compare with them.
"""

import collections
import dataclasses
import pathlib
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vaegan_jax.config.reference import views_of_training
from vaegan_jax.data.examples import Examples
from vaegan_jax.evaluate import tables
from vaegan_jax.evaluate.copies import equal_to_some
from vaegan_jax.evaluate.reconstruction import choose_threshold
from vaegan_jax.evaluate.reconstructions import Predictor, Reconstructions
from vaegan_jax.evaluate.report import PLACES, to_json, write_text
from vaegan_jax.evaluate.subject import Options, load_subject, read_splits
from vaegan_jax.inference.model import Model
from vaegan_jax.metrics.reconstruction import intersection_over_union
from vaegan_jax.runtime.progress import Progress

VIEW_COUNTS = (1, 2, 3, 4, 5, 8, 12, 16, 20)
THRESHOLDS = (0.2, 0.3, 0.4, 0.5)
ALL = "all"

_BATCH = 32

# Mean IoU over the shapes of 13 categories, by the number of views, as published.
PUBLISHED = {
    "3D-R2N2": {1: 0.560, 3: 0.617, 5: 0.634, 8: 0.635, 12: 0.636, 20: 0.636},
    "Pix2Vox-A": {1: 0.661, 3: 0.693, 5: 0.699, 8: 0.702, 12: 0.704, 20: 0.706},
    "Pix2Vox++": {1: 0.670, 3: 0.704, 5: 0.711, 8: 0.715, 12: 0.717, 20: 0.719},
    "3D-RETR": {1: 0.674, 3: 0.716, 5: 0.723, 8: 0.727, 12: 0.729, 20: 0.731},
    "GARNet": {1: 0.673, 3: 0.716, 5: 0.726, 8: 0.731, 12: 0.734, 20: 0.737},
    "UMIFormer": {1: 0.680, 3: 0.752, 5: 0.761, 8: 0.766, 12: 0.768, 20: 0.770},
    "LRGT": {1: 0.696, 3: 0.759, 5: 0.769, 8: 0.774, 12: 0.777, 20: 0.779},
    "LRGT+": {1: 0.585, 3: 0.748, 5: 0.772, 8: 0.783, 12: 0.789, 20: 0.792},
}


@dataclasses.dataclass(frozen=True)
class ProtocolRow:
    """The IoU from the first views of each shape.

    Attributes:
      views: how many.
      iou: by category, and over `ALL` shapes: the mean at each of `THRESHOLDS`.
      chosen: as `iou`, at the threshold that was chosen on other shapes.
    """

    views: int
    iou: dict[str, list[float]]
    chosen: dict[str, float]

    def best(self) -> tuple[float, float]:
        """The highest mean IoU over all shapes at a fixed threshold, and that."""
        values = self.iou[ALL]
        place = int(np.argmax(values))
        return values[place], THRESHOLDS[place]

    def at_best(self, category: str) -> float:
        """The mean IoU of a category at the threshold that is best for all shapes."""
        return self.iou[category][THRESHOLDS.index(self.best()[1])]


def evaluate_protocol(
    workdir: str | pathlib.Path, options: Options
) -> tuple[list[ProtocolRow], dict[str, Any]]:
    """Measures the model of a work directory by the protocol.

    Returns:
      The rows, and what was measured, for `write_protocol`.

    Raises:
      UserError: work directory, checkpoint or data do not fit, or the model has no
        encoder.
    """
    model, _ = load_subject(workdir, options)
    model.require_encoder()
    splits = read_splits(model, workdir, options)
    known = Reconstructions(model, splits.choosing)
    views = min(views_of_training(model.config), known.stored)
    occupied = splits.choosing.voxels[...] > 0
    threshold = choose_threshold(known.predictor(views, seed=0), occupied)
    about = {
        "workdir": str(workdir),
        "algorithm": model.config.algorithm,
        "step": model.step,
        "data": str(splits.data_dir),
        "split": options.split,
        "shapes": len(splits.examples),
        "stored_views": splits.examples.views.shape[1],
        "image_size": model.config.model.image_size,
        "image_channels": model.config.model.image_channels,
        "threshold": threshold,
        "threshold_chosen_on": model.config.data.choose_on,
        "threshold_shapes": len(splits.choosing),
        "optimistic": bool(
            equal_to_some(splits.examples.voxels, splits.choosing.voxels).any()
        ),
        "in_training": int(equal_to_some(splits.examples.voxels, splits.seen).sum()),
    }
    return measure_protocol(model, splits.examples, threshold), about


def write_protocol(
    output: pathlib.Path, rows: list[ProtocolRow], about: dict[str, Any]
) -> dict[str, Any]:
    """Writes `r2n2.md` and `r2n2.json`; returns what is in the latter."""
    output.mkdir(parents=True, exist_ok=True)
    numbers = {"about": about, "rows": [dataclasses.asdict(row) for row in rows]}
    write_text(output / "r2n2.json", to_json(numbers))
    write_text(output / "r2n2.md", format_protocol(rows, about))
    return numbers


def measure_protocol(
    model: Model, examples: Examples, threshold: float
) -> list[ProtocolRow]:
    """A row for each number of views that the examples have.

    Args:
      model: with an encoder.
      examples: with views in the order of the data set; categories if it has any.
      threshold: chosen on other shapes.
    """
    stored = examples.views.shape[1]
    counts = [count for count in VIEW_COUNTS if count <= stored]
    seen, rows = Reconstructions(model, examples), []
    with Progress("protocol", total=len(counts)) as progress:
        for views in counts:
            progress.stage(f"first {views} views")
            first = np.broadcast_to(np.arange(views), (len(examples), views))
            predict = seen.from_views(first)
            iou = _iou(predict, examples, (*THRESHOLDS, threshold))
            rows.append(_row(views, iou, examples.categories))
            progress.update()
    return rows


def _iou(
    predict: Predictor, examples: Examples, thresholds: tuple[float, ...]
) -> Float[np.ndarray, "n t"]:
    parts = []
    for start in range(0, len(examples), _BATCH):
        numbers = np.arange(start, min(start + _BATCH, len(examples)))
        made = jnp.asarray(predict(numbers))
        truth = jnp.asarray(examples.voxels[numbers] > 0)
        at = [intersection_over_union(made, truth, cut) for cut in thresholds]
        parts.append(np.stack([np.asarray(values) for values in at], axis=1))
    return np.concatenate(parts)


def _row(
    views: int, iou: Float[np.ndarray, "n t"], categories: list[str]
) -> ProtocolRow:
    groups = collections.defaultdict(list)
    groups[ALL] = list(range(len(iou)))
    for place, category in enumerate(categories):
        groups[category].append(place)
    means = {name: iou[places].mean(0).tolist() for name, places in groups.items()}
    return ProtocolRow(
        views,
        {name: values[:-1] for name, values in means.items()},
        {name: values[-1] for name, values in means.items()},
    )


def format_protocol(rows: list[ProtocolRow], about: dict[str, Any]) -> str:
    """The tables of a report: ours by views, by category, and beside published ones."""
    counts = [row.views for row in rows]
    parts = [
        f"# 3D-R2N2's protocol\n\n{about['algorithm']} at step {about['step']} in "
        f"{about['workdir']}: {about['shapes']} shapes of {about['split']} in "
        f"{about['data']}; the first n of {about['stored_views']} stored views. "
        f"{about['in_training']} of the shapes are in the training split, too.",
        "## Over all shapes",
        tables.table(
            ["views", *(f"IoU at {t}" for t in THRESHOLDS), "best of these", "chosen"],
            [
                [
                    str(row.views),
                    *(f"{value:.3f}" for value in row.iou[ALL]),
                    f"{row.best()[0]:.3f} (at {row.best()[1]})",
                    f"{row.chosen[ALL]:.3f}",
                ]
                for row in rows
            ],
        ),
        "The best of the four is chosen on the shapes that it is reported on, as the "
        f"published numbers are; the last column is at {about['threshold']}, chosen on "
        + PLACES[about["threshold_chosen_on"]]
        + f" ({about['threshold_shapes']} shapes)"
        + (", of which some are measured here." if about["optimistic"] else "."),
    ]
    categories = [name for name in rows[0].iou if name != ALL]
    if len(categories) > 1:
        parts += [
            "## By category, at the best threshold of all",
            _by_category(rows, categories),
        ]
    kind = "colour" if about["image_channels"] == 3 else "grey"
    ours = [f"**{about['workdir']}**"]
    ours += [f"{row.best()[0]:.3f}" for row in rows]
    published = [
        [name, *(f"{values[n]:.3f}" if n in values else "" for n in counts)]
        for name, values in PUBLISHED.items()
    ]
    parts += [
        "## Beside published numbers",
        tables.table(["IoU from", *map(str, counts)], [ours, *published]),
        "The published ones are of 8,770 test shapes of 13 categories of ShapeNet, of "
        "models trained on 30,643, each at the best of its thresholds; ours "
        "compare with them only where they are of the same shapes: they are of "
        f"{about['shapes']} shapes of {', '.join(categories) or 'no known category'}, "
        f"from {kind} views of {about['image_size']}².",
    ]
    return "\n\n".join(parts) + "\n"


def _by_category(rows: list[ProtocolRow], categories: list[str]) -> str:
    return tables.table(
        ["category", *(f"{row.views} views" for row in rows)],
        [
            [name, *(f"{row.at_best(name):.3f}" for row in rows)]
            for name in [*categories, ALL]
        ],
    )
