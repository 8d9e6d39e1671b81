import jax
import numpy as np
import pytest

from tests.helpers import Setup, make_examples, tiny_config
from vaegan_jax.errors import UserError
from vaegan_jax.evaluate import representation
from vaegan_jax.inference.model import Model
from vaegan_jax.models.discriminator import Discriminator


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(
    "resolution, sizes", [(8, (2,)), (32, (8, 4, 2)), (64, (16, 8, 4))]
)
def test_features_are_the_pooled_activations_of_layers_two_to_four(
    resolution, sizes, batch_norm
):
    widths = {8: (2, 3), 32: (2, 3, 4, 5), 64: (2, 3, 4, 5, 6)}[resolution]
    seen = widths[1:4]
    network = Discriminator(widths, batch_norm=batch_norm)
    last = "BatchNorm" if batch_norm else "StridedConvolution"
    voxels = jax.random.uniform(jax.random.key(0), (2, *(resolution,) * 3, 1))
    variables = network.init(jax.random.key(1), voxels, train=False)
    actual = representation.discriminator_features(network, variables, voxels)
    assert actual.shape == (2, 8 * sum(seen))
    _, kept = network.apply(variables, voxels, train=False, capture_intermediates=True)
    start = 0
    for layer, (size, width) in enumerate(zip(sizes, seen, strict=True), start=1):
        h = np.asarray(kept["intermediates"][f"{last}_{layer}"]["__call__"][0])
        assert h.shape == (2, *(size,) * 3, width)
        h = np.where(h > 0, h, 0.2 * h)
        half = size // 2
        cells = [
            h[:, x : x + half, y : y + half, z : z + half].max((1, 2, 3))
            for x in (0, half)
            for y in (0, half)
            for z in (0, half)
        ]
        expected = np.concatenate(cells, axis=1)
        part = actual[:, start : start + 8 * width]
        np.testing.assert_allclose(part, expected, atol=1e-6)
        start += 8 * width


def test_a_linear_svm_separates_what_a_plane_separates():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 5))
    labels = ["left" if x < 0 else "right" for x in features[:, 0]]
    noise = rng.normal(size=(200, 5))
    half = slice(0, 100), slice(100, 200)

    def accuracy(values):
        a, b = (values[part] for part in half)
        return representation.linear_svm_accuracy(
            a, labels[half[0]], b, labels[half[1]]
        )

    assert accuracy(features) > 0.9
    assert accuracy(noise) < 0.7


def test_labels_come_from_a_csv_file_and_must_be_complete(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("name,label\nshape_0,a\nshape_1,b\n")
    labels = representation.read_labels(path)
    assert labels == {"shape_0": "a", "shape_1": "b"}
    model = object.__new__(Model)
    evaluate = representation.evaluate_representation
    with pytest.raises(UserError, match=r"2 shapes have no label, .* 'shape_2'"):
        evaluate(model, None, make_examples(3), make_examples(3), labels)
    with pytest.raises(UserError, match="all training shapes have the label 'a'"):
        evaluate(model, None, make_examples(1), make_examples(1), labels)
    with pytest.raises(UserError, match=r"no.csv cannot be read: .* or category for"):
        representation.read_labels(tmp_path / "no.csv")
    with pytest.raises(UserError, match="does not tell the categories"):
        evaluate(model, None, make_examples(1), make_examples(1), None)
    path.write_text("\ufeffname,label\nshape_0,a\n", "utf-8")  # as of a spreadsheet
    assert representation.read_labels(path) == {"shape_0": "a"}
    path.write_text("name,label\nshape_0,a\nshape_1\n")
    with pytest.raises(UserError, match="has no label for shape_1"):
        representation.read_labels(path)
    path.write_text("shape,class\na,b\n")
    with pytest.raises(UserError, match="must be a CSV file with the columns"):
        representation.read_labels(path)


def test_features_of_both_networks_tell_full_from_sparse_shapes():
    # Eight cells a side tell too little of how full a random shape is.
    fields = {
        "model.resolution": 32,
        "model.generator_widths": (6, 5, 4, 3),
        "model.discriminator_widths": (3, 4, 5, 6),
    }
    setup = Setup(tiny_config("mv_vae_gan", **fields))
    state = setup.create()
    model = Model(setup.config, setup.networks, state.sampling_variables(), 0)
    train = make_examples(20, resolution=32)
    test = make_examples(10, resolution=32, seed=1)
    for examples in (train, test):
        for i in range(len(examples)):
            examples.categories.append("full" if i % 2 else "sparse")
            if i % 2:
                examples.voxels[i] |= np.roll(examples.voxels[i], 1, 0)
                examples.views[i] //= 4
    accuracies = representation.evaluate_representation(
        model, state.discriminator.variables, train, test, None
    )
    assert accuracies["most frequent class"] == 0.5
    assert accuracies["discriminator features"] == 1
    assert accuracies["encoder latents"] > 0.7
    by_name = dict(zip(train.names, train.categories, strict=True))
    assert accuracies == representation.evaluate_representation(
        model, state.discriminator.variables, train, test, by_name
    )
