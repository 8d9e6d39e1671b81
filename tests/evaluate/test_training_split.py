"""What is measured on shapes that the model learnt from, and that it is said."""

import dataclasses

import numpy as np
import pytest

import vaegan_jax
from tests.helpers import make_examples, write_packed
from tests.using import make_workdir
from vaegan_jax.data.dataset import open_split
from vaegan_jax.data.held_out import deformed_name, hold_out
from vaegan_jax.errors import UserError
from vaegan_jax.evaluate import comparison, report, subject
from vaegan_jax.evaluate.evaluation import evaluate
from vaegan_jax.evaluate.reconstruction import MEAN_SHAPE, MODEL
from vaegan_jax.evaluate.subject import Options, read_splits
from vaegan_jax.inference.export import write_weights


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A file of twelve shapes and a copy of each, and the shapes without copies."""
    folder = tmp_path_factory.mktemp("data")
    shapes = make_examples(12)
    copies = make_examples(12, seed=1)
    both = dataclasses.replace(
        shapes,
        names=shapes.names + [deformed_name(name, 0) for name in shapes.names],
        voxels=np.concatenate([shapes.voxels, copies.voxels]),
        views=np.concatenate([shapes.views, copies.views]),
    )
    for name, examples in (("chairs", shapes), ("more", both)):
        write_packed(folder / f"{name}.npz", examples, ("train", "validation"))
    other = make_examples(12, seed=2)
    write_packed(folder / "others.npz", other, ("train", "validation"))
    return folder


@pytest.fixture(scope="module")
def workdir(data):
    learnt_from = {"data.dir": str(data / "more.npz")}
    return make_workdir(data / "run", "mv_vae_gan", **learnt_from)


@pytest.mark.parametrize("name", ["more", "chairs"])
def test_of_the_training_split_the_originals_are_measured_that_were_learnt(
    name, data, workdir
):
    measured = evaluate(
        workdir, Options(data_dir=str(data / f"{name}.npz"), split="train", draws=1)
    )
    chairs = open_split(data / "chairs.npz", "train", 8, None)
    learnt, held_out = hold_out(chairs, {})
    assert len(held_out) == 2 and sorted(measured.names) == sorted(learnt.names)
    assert {row.prediction for row in measured.reconstruction} == {MODEL, MEAN_SHAPE}
    assert measured.generation == {} and set(measured.pictures) == {"reconstructions"}
    text = report.format_tables(measured)
    assert "learnt from all of these shapes: they tell how well it fits" in text
    assert "10 shapes of train" in text and "## Generation" not in text


def test_of_weights_it_is_not_known_what_they_learnt_from(data, workdir, tmp_path):
    weights = write_weights(vaegan_jax.load(workdir), tmp_path).parent
    others = Options(data_dir=str(data / "others.npz"), split="train", draws=1)
    measured = evaluate(weights, others)
    text = report.format_tables(measured)
    assert "learnt from all of these" not in text and measured.generation == {}
    assert (
        f"All of these shapes are in the training split of {data}/others.npz." in text
    )
    assert (
        "not known, or not there any more. If it was that, they tell how well" in text
    )
    same = comparison.format_comparison(comparison.compare(measured, measured))
    assert "## Reconstruction" in same and "## Generation" not in same


def test_a_training_split_that_the_model_has_not_seen_is_measured_as_any(data, workdir):
    others = Options(data_dir=str(data / "others.npz"), split="train", draws=1, sets=1)
    measured = evaluate(workdir, others)
    assert len(measured.names) == 12 and measured.generation
    assert "Of these shapes 0 are in the training split" in report.format_tables(
        measured
    )


def test_of_another_file_only_what_the_run_held_out_was_not_learnt(
    data, workdir, tmp_path
):
    """A file of a single training shape has none to hold out, and needs none."""
    model = vaegan_jax.load(workdir)
    learnt, held_out = hold_out(open_split(data / "chairs.npz", "train", 8, 32), {})
    one = tmp_path / "one.npz"
    for some, trained_on in ((learnt, True), (held_out, False)):
        write_packed(one, some.take([0]).read(), ("train",))
        splits = read_splits(model, workdir, Options(str(one), split="train"))
        assert splits.trained_on is trained_on
        assert splits.examples.names == some.names[:1]


def test_weights_are_called_by_the_address_that_was_given(
    data, workdir, tmp_path, monkeypatch
):
    folder = write_weights(vaegan_jax.load(workdir), tmp_path).parent
    address = "hf://user/name"
    monkeypatch.setattr(subject, "model_folder", {address: folder}.__getitem__)
    chairs = Options(str(data / "chairs.npz"), draws=1, sets=1)
    measured = evaluate(address, chairs)
    assert measured.about["checkpoint"] is None
    assert f" in {address}: " in report.format_tables(measured)
    with pytest.raises(UserError, match=f"^{address} does not name its data set"):
        evaluate(address, Options())


def test_weights_want_training_shapes_named_where_the_measured_have_none(
    data, workdir, tmp_path
):
    weights = write_weights(vaegan_jax.load(workdir), tmp_path).parent
    model = vaegan_jax.load(weights)
    write_packed(tmp_path / "mine.npz", make_examples(3), ("validation",))
    mine = Options(str(tmp_path / "mine.npz"))
    with pytest.raises(UserError, match=r"no split 'train'.*--training_data=DIR names"):
        read_splits(model, weights, mine)
    beside = dataclasses.replace(mine, training_data=str(data / "chairs.npz"))
    assert len(read_splits(model, weights, beside).examples) == 3
    nowhere = Options(str(tmp_path / "nowhere.npz"))
    with pytest.raises(UserError) as told:
        read_splits(model, weights, nowhere)
    assert "--training_data" not in str(told.value)
