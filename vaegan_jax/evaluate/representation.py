"""What a model's features know of a shape's class, by a linear classifier."""

import csv
import functools
import pathlib
from collections.abc import Iterator
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from vaegan_jax.data.examples import Examples
from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.views import latents_of_all_views
from vaegan_jax.models.discriminator import Discriminator
from vaegan_jax.models.layers import BatchNorm, StridedConvolution
from vaegan_jax.runtime.progress import Progress

_BATCH = 32

CATEGORY = "category"  # asks for the classes that the data set itself tells

# Of the SVM: small, as features are many and labelled shapes few.
_PENALTY = 0.01


def read_labels(path: str | pathlib.Path) -> dict[str, str]:
    """The class of each shape, from a CSV file with the columns `name` and `label`.

    Raises:
      UserError: there is no such file, or it lacks a column, a label or all rows.
    """
    try:
        # Spreadsheets begin a file in UTF-8 with a mark.
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"the labels {path} cannot be read: {error}; give a CSV file, or "
            f"{CATEGORY} for the categories of the data set"
        ) from error
    if not rows or not {"name", "label"} <= rows[0].keys():
        raise UserError(
            f"{path} must be a CSV file with the columns name and label, and a row for "
            "each shape"
        )
    unlabelled = [row["name"] for row in rows if not row["label"]]
    if unlabelled:
        raise UserError(f"{path} has no label for {unlabelled[0]}; add it")
    return {row["name"]: row["label"] for row in rows}


@functools.partial(jax.jit, static_argnums=0)
def discriminator_features(
    discriminator: Discriminator, variables: Any, voxels: Float[Array, "b x y z 1"]
) -> Float[Array, "b features"]:
    """Activations of the second, third and fourth convolution, max-pooled and joined.

    A grid below 32³ has fewer: all from the second.
    Each is pooled to 2³ cells; at 64³ that is the pooling with kernels 8, 4 and 2 of
    Wu et al. 2016, https://arxiv.org/abs/1610.07584, section 4.2.
    """
    kind = BatchNorm if discriminator.batch_norm else StridedConvolution
    _, kept = discriminator.apply(
        variables,
        voxels,
        train=False,
        capture_intermediates=lambda module, _: isinstance(module, kind),
    )
    # A small grid has fewer layers.
    last = min(4, len(discriminator.widths))
    names = (f"{kind.__name__}_{i}" for i in range(1, last))
    layers = [kept["intermediates"][name]["__call__"][0] for name in names]
    pooled = []
    for activations in layers:
        kernel = (activations.shape[1] // 2,) * 3
        # The nonlinearity is monotone, so it may follow the maximum.
        largest = nn.max_pool(activations, kernel, kernel)
        pooled.append(nn.leaky_relu(largest, discriminator.leak))
    return jnp.concatenate([p.reshape(len(p), -1) for p in pooled], axis=1)


def shape_features(
    discriminator: Discriminator, variables: Any, examples: Examples
) -> Float[np.ndarray, "n features"]:
    """`discriminator_features` of a split."""
    parts = []
    for start in range(0, len(examples), _BATCH):
        voxels = np.float32(examples.voxels[start : start + _BATCH])[..., None]
        parts.append(
            np.asarray(discriminator_features(discriminator, variables, voxels))
        )
    return np.concatenate(parts)


def linear_svm_accuracy(
    features: Float[np.ndarray, "n f"],
    labels: list[str],
    test_features: Float[np.ndarray, "m f"],
    test_labels: list[str],
) -> float:
    """Share of test shapes that a linear SVM classifies correctly.

    One against the rest, squared hinge loss, L2 penalty, classes balanced, on features
    scaled to unit variance.
    """
    classifier = LinearSVC(C=_PENALTY, class_weight="balanced", random_state=0)
    pipeline = make_pipeline(StandardScaler(), classifier).fit(features, labels)
    return float(pipeline.score(test_features, test_labels))


def evaluate_representation(
    model: Model,
    discriminator_variables: Any,
    train: Examples,
    examples: Examples,
    labels: dict[str, str] | None,
) -> dict[str, float]:
    """Accuracies of a linear SVM on each kind of features, and that of guessing.

    Args:
      model: which gives the features; it need not have been trained on these classes.
      discriminator_variables: of its discriminator.
      train: what the SVM is trained on.
      examples: what it is tested on.
      labels: by the names of shapes; None for the categories of the data set.

    Raises:
      UserError: a shape has no label, or all training shapes have the same.
    """
    splits = (train, examples)
    if labels is None:
        known, wanted = (_categories(split) for split in splits)
    else:
        known, wanted = _labels_by_name(splits, labels)
    if len(set(known)) < 2:
        raise UserError(
            f"all training shapes have the label {known[0]!r}; a classifier needs two"
        )
    most_frequent = max(set(known), key=known.count)
    accuracies = {"most frequent class": wanted.count(most_frequent) / len(wanted)}
    kinds = {
        "discriminator features": lambda split: shape_features(
            model.networks.discriminator, discriminator_variables, split
        )
    }
    if model.networks.encoder is not None:
        kinds["encoder latents"] = lambda split: latents_of_all_views(model, split)
    with Progress("classifiers", total=len(kinds)) as progress:
        for name, features in kinds.items():
            progress.stage(name)
            a, b = (features(split) for split in splits)
            accuracies[name] = linear_svm_accuracy(a, known, b, wanted)
            progress.update()
    return accuracies


def _categories(split: Examples) -> list[str]:
    if not split.categories:
        raise UserError(
            "the data set does not tell the categories of its shapes; give a CSV file "
            "of names and labels, or if it is packed, pack it again"
        )
    return split.categories


def _labels_by_name(
    splits: tuple[Examples, Examples], labels: dict[str, str]
) -> Iterator[list[str]]:
    missing = [name for split in splits for name in split.names if name not in labels]
    if missing:
        raise UserError(
            f"{len(missing)} shapes have no label, the first is {missing[0]!r}; add "
            "them to the file of --labels"
        )
    return ([labels[name] for name in split.names] for split in splits)
