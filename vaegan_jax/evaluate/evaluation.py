"""All measures of one work directory, as plain numbers and as pictures."""

import dataclasses
import hashlib
import pathlib
from typing import Any

import numpy as np
from jaxtyping import Int
from PIL import Image

from vaegan_jax.config.reference import views_of_training
from vaegan_jax.data.examples import Examples, Stored
from vaegan_jax.data.held_out import originals
from vaegan_jax.evaluate.copies import Copies, equal_to_some, find_copies
from vaegan_jax.evaluate.evidence_picture import draw_evidence
from vaegan_jax.evaluate.generation import (
    drawing_models,
    evaluate_generation,
    sample_set,
)
from vaegan_jax.evaluate.reconstruction import (
    GENERATOR,
    MODEL,
    Row,
    evaluate_reconstruction,
)
from vaegan_jax.evaluate.reconstructions import draw_all
from vaegan_jax.evaluate.representation import (
    CATEGORY,
    evaluate_representation,
    read_labels,
)
from vaegan_jax.evaluate.subject import (
    Options,
    Splits,
    load_subject,
    open_for,
    read_splits,
)
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.views import view_subsets
from vaegan_jax.runtime.stored import parts
from vaegan_jax.shapes.drawing import draw_shapes

_RANKED = 2  # shapes each of the best, the median and the worst reconstructions
_SAMPLES = 16


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The measures of one model.

    Attributes:
      about: what was measured: work directory, algorithm, step, data, split, ...
      names: of the shapes measured on.
      copies: which of them were in training.
      reconstruction: rows, none for a plain GAN.
      generation: as from `evaluate_generation`; empty of shapes that were trained on.
      representation: accuracies by features; empty without labels.
      pictures: by name.
    """

    about: dict[str, Any]
    names: list[str]
    copies: Copies
    reconstruction: list[Row]
    generation: dict[str, dict[str, list[float]]]
    representation: dict[str, float]
    pictures: dict[str, Image.Image]

    def to_dict(self) -> dict[str, Any]:
        """All numbers, also those of each shape, as JSON has them."""
        return {
            "about": self.about,
            "names": self.names,
            "in_training": self.copies.equal.tolist(),
            "nearly_in_training": self.copies.near.tolist(),
            "reconstruction": [_row_to_dict(row) for row in self.reconstruction],
            "reconstruction_without_copies": [
                _row_to_dict(row) for row in self.without_copies
            ],
            "generation": self.generation,
            "representation": self.representation,
        }

    @property
    def without_copies(self) -> list[Row]:
        """The rows of shapes that were not in training, if some were and some not."""
        if not self.copies.some:
            return []
        return [row.only(~self.copies.equal) for row in self.reconstruction]

    @property
    def views_of_training(self) -> int:
        """The largest measured number of views that training does not exceed."""
        counts = [row.views for row in self.reconstruction if row.prediction == MODEL]
        return max(
            n for n in counts if n <= max(self.about["training_views"], counts[0])
        )

    def drawn(self, prediction: str) -> Row | None:
        """What predicts from that many views; None if it is not measured."""
        seen = prediction, self.views_of_training
        rows = (x for x in self.reconstruction if (x.prediction, x.views) == seen)
        return next(rows, None)


def _row_to_dict(row: Row) -> dict[str, Any]:
    return {
        "prediction": row.prediction,
        "views": row.views,
        "threshold": row.threshold,
        "mean": {name: row.mean(name) for name in row.values},
        "spread_over_draws": {name: row.spread(name) for name in row.values},
        "standard_error": {name: row.standard_error(name) for name in row.values},
        "per_shape": {name: row.per_shape(name).tolist() for name in row.values},
    }


def evaluate(workdir: str | pathlib.Path, options: Options) -> Evaluation:
    """Measures the model of a work directory, or of weights; see `model_folder`.

    Raises:
      UserError: work directory, checkpoint, data or labels do not fit.
    """
    model, discriminator = load_subject(workdir, options)
    own_labels = options.labels not in (None, CATEGORY)
    labels = read_labels(options.labels) if own_labels else None
    splits = read_splits(model, workdir, options)
    examples = splits.examples
    copies = find_copies(examples.voxels, splits.seen)
    known = originals(splits.learnt)
    rows, representation, pictures = [], {}, {}
    if splits.choosing is not None:
        rows = evaluate_reconstruction(
            *(model, known, splits.choosing, examples),
            draws=options.draws,
            retrieval=not splits.trained_on,
        )
    if options.labels:
        representation = evaluate_representation(
            model,
            discriminator.variables,
            # The classes need not be those that the model was trained on.
            open_for(
                model,
                options.training_data or splits.data_dir,
                model.config.data.train_split,
            ),
            examples,
            labels,
        )
    generation = {}
    if not splits.trained_on:  # else samples would be measured by how well they copy
        models = drawing_models(model, splits.learnt)
        generation = evaluate_generation(
            models, splits.learnt, examples, options.sets, copies.equal
        )
        for name, drawing in models.items():
            drawn = sample_set(drawing, _SAMPLES, seed=0)
            pictures[name.replace(" ", "_")] = draw_shapes(drawn)
    evaluation = Evaluation(
        _about(model, workdir, options, splits, copies, discriminator is None),
        examples.names,
        copies,
        rows,
        generation,
        representation,
        pictures,
    )
    if rows:
        pictures["reconstructions"] = draw_ranked(evaluation, model, examples)
        if model.networks.refiner is not None:
            pictures["evidence"] = draw_median_evidence(evaluation, model, examples)
    return evaluation


def _about(
    model: Model,
    workdir: str | pathlib.Path,
    options: Options,
    splits: Splits,
    copies: Copies,
    exported: bool,
) -> dict[str, Any]:
    config, examples, choosing = model.config, splits.examples, splits.choosing
    chosen_on = config.data.choose_on
    best = options.checkpoint == "best" and not exported
    return {
        "workdir": str(workdir),
        "algorithm": config.algorithm,
        "step": model.step,
        "checkpoint": None if exported else options.checkpoint,
        "checkpoint_chosen_on": chosen_on if best else None,
        "data": str(splits.data_dir),
        "training_data": str(splits.training_dir),
        "split": options.split,
        "shapes": len(examples),
        "training_shapes": len(splits.learnt),
        "in_training_of": str(splits.seen_dir),
        "learnt_from_these": splits.seen_dir == config.data.dir,
        "trained_on": splits.trained_on,
        "in_training": int(copies.equal.sum()),
        "nearly_in_training": int(copies.near.sum()),
        "training_views": views_of_training(config),
        "threshold_chosen_on": None if choosing is None else chosen_on,
        "threshold_shapes": None if choosing is None else len(choosing),
        "threshold_is_optimistic": choosing is not None
        and bool(equal_to_some(examples.voxels, choosing.voxels).any()),
        "voxels_sha256": _sha256(examples.voxels),
        "views_sha256": _sha256(examples.views),
        "image_size": None if choosing is None else config.model.image_size,
        "image_channels": None if choosing is None else config.model.image_channels,
        "draws": options.draws,
        "sets": options.sets,
    }


def _sha256(array: Stored) -> str:
    digest = hashlib.sha256()
    for part in parts(array):
        digest.update(part.tobytes())
    return digest.hexdigest()


def draw_ranked(
    evaluation: Evaluation, model: Model, examples: Examples
) -> Image.Image:
    """The two best, two median and two worst reconstructions by IoU, top to bottom.

    From the first draw of as many views as training used.
    """
    row, alone = evaluation.drawn(MODEL), evaluation.drawn(GENERATOR)
    chosen = _from_best_to_worst(row)[ranked_places(len(examples))]
    seen = _in_first_draw(examples, chosen, row.views)
    return draw_all(model, seen, row.threshold, alone and alone.threshold)


def draw_median_evidence(
    evaluation: Evaluation, model: Model, examples: Examples
) -> Image.Image:
    """How a model with a refiner comes to its median reconstruction, by IoU.

    From the draw that `draw_ranked` shows.
    """
    row, alone = evaluation.drawn(MODEL), evaluation.drawn(GENERATOR)
    chosen = _from_best_to_worst(row)[_median(len(examples)) :][:1]
    seen = _in_first_draw(examples, chosen, row.views)
    return draw_evidence(model, seen, row.threshold, alone.threshold)


def _from_best_to_worst(row: Row) -> Int[np.ndarray, " n"]:
    return np.argsort(-row.values["iou"][0], kind="stable")


def _in_first_draw(
    examples: Examples, places: Int[np.ndarray, " k"], views: int
) -> Examples:
    """Some shapes, with the views of them that are measured first."""
    subset = view_subsets(len(examples), examples.views.shape[1], views, seed=0)
    return examples.seen_in(places, subset[places])


def _median(count: int) -> int:
    """The place of the first of the two in the middle."""
    return max(0, (count - _RANKED) // 2)


def ranked_places(count: int) -> np.ndarray:
    """Places of the best, the median and the worst of `count`, without repetition."""
    middle = _median(count)
    places = [
        *range(_RANKED),
        *range(middle, middle + _RANKED),
        *range(count - _RANKED, count),
    ]
    return np.unique(np.clip(places, 0, count - 1))
