"""Targets that trained models make: how they get into a file, and into training."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from data_prep.derived import taught_file
from data_prep.derived.deformed_file import deform_packed
from data_prep.derived.taught_file import teach_packed
from tests.helpers import (
    assert_error,
    assert_trees_close,
    cached_setup,
    make_batch,
    make_examples,
    progress_lines,
    write_packed,
)
from tests.trainer.runs import config_for, final_state
from tests.using import make_workdir
from vaegan_jax.data import packed_source
from vaegan_jax.data.provenance import read_provenance
from vaegan_jax.errors import UserError
from vaegan_jax.inference.loading import load
from vaegan_jax.trainer import train as driver


@pytest.fixture(scope="module")
def teachers(tmp_path_factory):
    """Work directories of two untrained models, of one and of many views."""
    folder = tmp_path_factory.mktemp("teachers")
    one = make_workdir(folder / "one", "vae_gan")
    return [str(one), str(make_workdir(folder / "many", "mv_vae_gan", seed=1))]


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "data.npz"
    examples = make_examples(count=5, num_views=3)
    examples.categories.extend(["chair"] * 5)
    write_packed(path, examples, ("train", "validation"), source="a test")
    return path


@pytest.fixture(scope="module")
def taught(packed, teachers):
    path = packed.parent / "taught.npz"
    teach_packed(packed, path, teachers, temperature=2.0)
    return path


class Teacher:
    """Says of each voxel what the mean grey of a shape's views makes it think."""

    step = 0

    def __init__(self, seed):
        self.pattern = np.random.default_rng(seed).normal(size=(8, 8, 8))

    def logits(self, views):
        grey = views.mean((1, 2, 3, 4)) - 127
        return np.exp(grey / 1.5)[:, None, None, None] * self.pattern

    def encode(self, views):
        return views

    def decode(self, views):
        return scipy.special.expit(self.logits(views)).astype(np.float32)


def read_taught(path):
    return packed_source.read_split(path, "train", with_targets=True)


def test_targets_are_what_the_models_say_together(packed, tmp_path, monkeypatch):
    teachers = {"a": Teacher(0), "b": Teacher(1)}
    monkeypatch.setattr(taught_file, "_AT_ONCE", 2)  # the last one is alone
    monkeypatch.setattr(taught_file, "_teacher", lambda path, *_: teachers[path.name])
    output = tmp_path / "taught.npz"
    teach_packed(packed, output, ["a", "b"], temperature=2.0)

    before, after = packed_source.read_split(packed, "train"), read_taught(output)
    a, b = (teacher.logits(before.views) for teacher in teachers.values())
    assert max(abs(a).max(), abs(b).max()) < 13  # what is surer is cut off
    np.testing.assert_allclose(
        after.targets, 255 / (1 + np.exp(-(a + b) / 2 / 2)), atol=0.51
    )
    assert after.targets.std() > 30 and after.targets.dtype == np.uint8
    assert after.targets.std(axis=0).max() > 5  # shapes differ
    for field in ("names", "voxels", "views", "categories"):
        assert np.array_equal(getattr(after, field), getattr(before, field))
    assert packed_source.read_split(output, "train").targets is None  # not asked for
    validation = packed_source.read_split(output, "validation", with_targets=True)
    assert validation.targets is None


def test_the_command_asks_trained_models(packed, teachers, run, tmp_path):
    output = tmp_path / "taught.npz"
    models = [f"--model={path}" for path in teachers]
    options = (f"--output={output}", "--temperature=2")
    result = run("teach", f"--packed={packed}", *models, *options)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(output)
    told = progress_lines(result.stderr)
    assert told[0].startswith("teaching: 0/2, ")
    assert told[-1].startswith("teaching: 2/2, ") and ", by many" in told[-1]
    p, q = (load(path).reconstruct(read_taught(output).views) for path in teachers)
    assert abs(p - 0.5).max() < 0.01 > abs(q - 0.5).max()  # they are not trained
    assert (abs(read_taught(output).targets - 127.5) < 2).all()
    facts = read_provenance(output)
    assert facts["source"] == "a test"
    told = {"models": teachers, "steps": [0, 0], "temperature": 2.0}
    assert facts["taught"] == told


def test_sure_models_that_differ_leave_a_doubt(packed, tmp_path, monkeypatch):
    class Sure(Teacher):
        def decode(self, views):
            filled = np.arange(8) < 4 * self.half
            return np.broadcast_to(filled, (len(views), 8, 8, 8)).astype(np.float32)

    def teacher(path, *_):
        sure = Sure(0)
        sure.half = int(path.name)
        return sure

    monkeypatch.setattr(taught_file, "_teacher", teacher)
    teach_packed(packed, tmp_path / "out.npz", ["0", "1"], temperature=1.0)
    targets = read_taught(tmp_path / "out.npz").targets
    assert (abs(targets[..., :4] - 127.5) < 1).all() and (targets[..., 4:] == 0).all()


def test_a_model_that_says_no_numbers_is_named(packed, tmp_path, monkeypatch):
    class Broken(Teacher):
        def decode(self, views):
            return np.full((len(views), 8, 8, 8), np.nan, np.float32)

    monkeypatch.setattr(taught_file, "_teacher", lambda *_: Broken(0))
    with pytest.raises(UserError, match="broken is damaged: it makes shapes that"):
        teach_packed(packed, tmp_path / "out.npz", ["broken"])
    assert not (tmp_path / "out.npz").exists()


def test_batches_have_the_targets_of_their_shapes(taught):
    examples = read_taught(taught)
    batch = next(packed_source.device_batches(examples, 4, 2, 0, 0))
    for voxels, targets in zip(batch["voxels"], batch["targets"], strict=True):
        (row,) = np.flatnonzero((examples.voxels == voxels).all((1, 2, 3)))
        np.testing.assert_array_equal(examples.targets[row], targets)


@pytest.mark.slow
def test_targets_like_the_voxels_change_nothing():
    this = cached_setup("mv_vae_gan")
    batch = make_batch(this.config)
    same = batch | {"targets": 255 * batch["voxels"]}
    one, other = (this.train_step(this.create(), b) for b in (batch, same))
    for name in ("generator", "discriminator", "encoder"):
        nets = (getattr(state, name) for state, _ in (one, other))
        # Two programs may add in another order, and Adam divides by small numbers.
        assert_trees_close(*(net.opt_state.mu for net in nets), 1e-3, 1e-6)
    assert_trees_close(one[1], other[1], 1e-4, 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_reconstruction_aims_at_the_targets_and_d_at_the_voxels(loss):
    """E and G learn as from shapes that are the targets, and D does not notice."""
    this = cached_setup("mv_vae_gan", {"loss.reconstruction": loss})
    batch = make_batch(this.config)
    others = 1 - batch["voxels"]
    aimed = batch | {"targets": 255 * others}
    plain, towards, there = (
        this.train_step(this.create(), b)
        for b in (batch, aimed, {**batch, "voxels": others})
    )
    for part in ("reconstruction", "encoder"):
        wanted, name = there[1][f"loss/{part}"], f"loss/{part}"
        np.testing.assert_allclose(towards[1][name], wanted, rtol=1e-6)
        assert abs(plain[1][name] - wanted) > 1e-3 * wanted
    mu = [jax.tree.leaves(s[0].encoder.opt_state.mu) for s in (towards, there)]
    for ours, theirs in zip(*mu, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    # Two programs may add in another order.
    assert_trees_close(towards[0].discriminator, plain[0].discriminator, 1e-4, 1e-7)
    for name in ("reconstruction/iou", "reconstruction/squared_error"):
        np.testing.assert_allclose(towards[1][name], plain[1][name], rtol=1e-6)


def test_targets_between_0_and_1_are_255ths():
    """The squared error of half-occupied targets by hand, G's output known by it."""
    this = cached_setup("mv_vae_gan", {"loss.reconstruction": "squared_error"})
    batch = make_batch(this.config)
    sums = {}
    for value in (0, 51, 255):
        targets = jnp.full_like(batch["voxels"], value)
        _, metrics = this.train_step(this.create(), batch | {"targets": targets})
        sums[value] = float(metrics["loss/reconstruction"])
    # f(t) = Σ(p − t)², so with n = 8³ it is f(0) + t (f(1) − f(0) − n) + n t².
    n, t = 8**3, 0.2
    expected = sums[0] + t * (sums[255] - sums[0] - n) + n * t**2
    np.testing.assert_allclose(sums[51], expected, rtol=1e-5)


@pytest.mark.slow
def test_training_reconstructs_the_targets(packed, taught, teachers, tmp_path):
    models = {}
    for path in (taught, packed):
        config = config_for(str(path), **{"train.num_steps": 2})
        assert driver.train(config, tmp_path / path.stem) == 0
        models[path] = final_state(config, tmp_path / path.stem).generator.params
    pairs = zip(*(jax.tree.leaves(params) for params in models.values()), strict=True)
    assert max(abs(a - b).max() for a, b in pairs) > 1e-3  # of the same batches

    again = tmp_path / "again.npz"
    teach_packed(taught, again, teachers[:1])  # in place of the old targets
    for other, told in ((again, r"taught\.models"), (packed, r"taught\.")):
        config = config_for(str(other), **{"train.num_steps": 3})
        with pytest.raises(UserError, match=f"a run on other data.*{told}"):
            driver.train(config, tmp_path / taught.stem)
    with pytest.raises(UserError, match="has targets, which copies have not; name"):
        deform_packed(taught, tmp_path / "more.npz")
    assert not (tmp_path / "more.npz").exists()


@pytest.mark.slow
def test_a_plain_gan_reads_no_targets(packed, taught, tmp_path):
    config = config_for(str(packed), "gan", **{"train.num_steps": 1})
    assert driver.train(config, tmp_path / "run") == 0
    config = config_for(str(taught), "gan", **{"train.num_steps": 2})
    assert driver.train(config, tmp_path / "run") == 0


@pytest.mark.parametrize(
    "targets",
    [np.zeros((5, 8, 8, 7), np.uint8), np.zeros((5, 8, 8, 8), np.float32)],
)
def test_targets_that_do_not_fit_are_damage(taught, tmp_path, targets):
    path = tmp_path / "damaged.npz"
    with np.load(taught) as file:
        np.savez(path, **dict(file) | {"train/targets": targets})
    with pytest.raises(UserError, match="is not a packed data set or is damaged"):
        read_taught(path)


def test_what_cannot_be_taught(packed, teachers, run, tmp_path):
    output = tmp_path / "taught.npz"
    start = ("teach", f"--packed={packed}", f"--output={output}")
    model = f"--model={teachers[0]}"

    for temperature in ("0.0", "1e-320", "nan", "inf"):
        result = run(*start, model, f"--temperature={temperature}")
        assert_error(result, f"temperature is {temperature}; it must be at least 0.01")
    assert_error(run(*start, "--model=none"), "none is not a work directory")
    gan = make_workdir(tmp_path / "gan", "gan")
    assert_error(
        run(*start, f"--model={gan}"), "gan: this is a plain 3D-GAN, which has no"
    )
    large = make_workdir(tmp_path / "large", "vae_gan", **{"model.image_size": 64})
    expected = "makes grids of 8³ from views of (64, 64, 1), but"
    assert_error(run(*start, f"--model={large}"), expected)
    result = run("teach", f"--packed={packed}", "--output=taught.zip", model)
    assert_error(result, "taught.zip must have a name that ends in .npz")
    result = run(
        "teach", f"--packed={tmp_path / 'no.npz'}", f"--output={output}", model
    )
    assert_error(result, "no.npz does not exist")
    with pytest.raises(UserError, match="no model to learn from is named"):
        teach_packed(packed, output, [])
    assert not output.exists()

    write_packed(tmp_path / "test.npz", make_examples(count=3), ("test",))
    with pytest.raises(UserError, match="has no split 'train'; it has"):
        teach_packed(tmp_path / "test.npz", output, teachers)
