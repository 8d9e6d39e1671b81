"""New shapes like those of a data set."""

import dataclasses
import itertools

import numpy as np
import pytest

from tests.helpers import make_examples, write_packed
from tests.using import make_model
from vaegan_jax.errors import UserError
from vaegan_jax.inference import likeness
from vaegan_jax.inference.interpolate import way_between
from vaegan_jax.inference.latent_mixture import LatentMixture, load_mixture
from vaegan_jax.inference.likeness import like_examples, like_shapes_of


def correlated(count):
    """Of two elements with variances 4 and 1, and a covariance of 1.5."""
    factor = np.array([[2, 0], [0.75, 0.4375**0.5]])
    noise = np.random.default_rng(0).standard_normal((count, 2))
    return (noise @ factor.T + [3, -1]).astype(np.float32)


def test_draws_have_the_moments_of_what_was_fitted():
    drawn = LatentMixture.fit(correlated(4000)).draw(20000, seed=1)
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(drawn.mean(0), [3, -1], atol=0.1)
    # A twentieth of the mean variance, 2.5, is added to each.
    np.testing.assert_allclose(np.cov(drawn.T), [[4.125, 1.5], [1.5, 1.125]], atol=0.15)


def test_one_gaussian_is_that_of_the_library():
    from sklearn.mixture import GaussianMixture

    latents = correlated(99)  # too few for two
    added = 0.05 * latents.var(0).mean() + 1e-6
    theirs = GaussianMixture(1, reg_covar=added).fit(latents.astype(float))
    ours = LatentMixture.fit(latents)
    np.testing.assert_allclose(ours.means, theirs.means_, rtol=1e-4)
    covariance = ours.factors[0] @ ours.factors[0].T
    np.testing.assert_allclose(covariance, theirs.covariances_[0], rtol=1e-4)


def test_groups_are_drawn_in_their_shares():
    latents = np.random.default_rng(0).standard_normal((400, 3)).astype(np.float32)
    latents[:100] += 50
    drawn = LatentMixture.fit(latents).draw(4000)
    far = (drawn > 25).all(1)
    assert far.mean() == pytest.approx(0.25, abs=0.03)
    assert (drawn[~far] < 25).all()


def test_the_first_of_more_are_alike_and_truncation_goes_to_the_means():
    mixture = LatentMixture.fit(correlated(300))
    many = mixture.draw(9, seed=4)
    np.testing.assert_array_equal(mixture.draw(3, seed=4), many[:3])
    assert (mixture.draw(3, seed=5) != many[:3]).all()
    centres = mixture.draw(9, seed=4, truncation=0.0)
    assert all((mixture.means == centre).all(1).any() for centre in centres)
    half = mixture.draw(9, seed=4, truncation=0.5)
    np.testing.assert_allclose(half, (many + centres) / 2, atol=1e-5)


def test_fewer_latents_than_elements():
    few = np.random.default_rng(0).standard_normal((3, 8)).astype(np.float32)
    mixture = LatentMixture.fit(few)
    assert len(mixture.weights) == 1 and np.isfinite(mixture.draw(5)).all()
    same = LatentMixture.fit(np.repeat(few[:1], 4, 0)).draw(5)
    np.testing.assert_allclose(same, np.repeat(few[:1], 5, 0), atol=0.01)
    with pytest.raises(UserError, match="single"):
        LatentMixture.fit(few[:1])


def test_a_file_is_read_back_and_a_damaged_one_named(tmp_path):
    assert load_mixture(tmp_path, 7, 2) is None
    mixture = LatentMixture.fit(correlated(300))
    mixture.save(tmp_path, 7)
    read = load_mixture(tmp_path, 7, 2)
    assert load_mixture(tmp_path, 6, 2) is None  # of another encoder
    np.testing.assert_array_equal(read.draw(4), mixture.draw(4))
    path = tmp_path / "latents.npz"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UserError, match=r"latents\.npz is damaged"):
        load_mixture(tmp_path, 7, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"means": np.zeros((1, 3), np.float32)},
        {"weights": np.ones(2, np.float32)},
        {"weights": np.full(1, np.nan, np.float32)},
        {"factors": np.zeros((1, 2, 3), np.float32)},
        {"unknown": np.zeros(100_000)},  # more than such a file needs
        {"step": np.array([7, 8])},
    ],
)
def test_impossible_shapes_and_values_are_refused(tmp_path, change):
    mixture = LatentMixture.fit(correlated(60))
    arrays = {"step": 7, **dataclasses.asdict(mixture), **change}
    np.savez_compressed(tmp_path / "latents.npz", **arrays)
    with pytest.raises(UserError, match="damaged or of another model"):
        load_mixture(tmp_path, 7, 2)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_as_many_views_are_pooled_as_in_training(number, monkeypatch):
    model, examples = make_model("mv_vae_gan"), make_examples(5)  # of four views
    model.config.data.num_views = number
    given = []
    monkeypatch.setattr(LatentMixture, "fit", lambda latents: given.append(latents))
    like_examples(model, examples)
    sets = [list(c) for c in itertools.combinations(range(4), number)]
    known = np.stack([model.encode(examples.views[:, views]) for views in sets], 1)
    latents = given[0].reshape(4 // number, 5, 1, -1)
    differences = np.abs(latents - known).max(3)
    assert (differences.min(2) < 1e-5).all()
    if number < 4:  # others for other shapes, and each time
        assert len(np.unique(differences.argmin(2))) > 1


def test_of_very_many_shapes_some_are_drawn(monkeypatch):
    model, examples, given = make_model("mv_vae_gan"), make_examples(9), []
    model.config.data.num_views = 4  # all of them
    monkeypatch.setattr(LatentMixture, "fit", lambda latents: given.append(latents))
    like_examples(model, examples)
    monkeypatch.setattr(likeness, "_MOST", 4)
    like_examples(model, examples)
    every, some = given
    found = (np.abs(every[:, None] - some).max(2) < 1e-5).any(1)
    assert len(some) * 9 == len(every) * 4 and found.sum() == len(some)


def test_new_shapes_are_decoded_as_latents_of_views_are():
    model = make_model("mv_vae_gan")
    like = like_examples(model, make_examples(5))
    np.testing.assert_array_equal(like.sample(2), model.decode(like.mixture.draw(2)))
    assert model.mixture is None


def test_the_training_shapes_of_a_data_set(tmp_path):
    examples = make_examples(5)
    write_packed(tmp_path / "chairs.npz", examples)
    model = make_model("mv_vae_gan")
    like = like_shapes_of(model, tmp_path / "chairs.npz")
    expected = like_examples(model, examples).draw_latents(3)
    np.testing.assert_allclose(like.draw_latents(3), expected, atol=1e-5)
    drawn = like_shapes_of(like, "prior").draw_latents(3)
    np.testing.assert_array_equal(drawn, model.draw_latents(3))
    with pytest.raises(UserError, match="plain 3D-GAN"):
        like_shapes_of(make_model("gan"), tmp_path / "chairs.npz")
    with pytest.raises(UserError, match="like a single one"):
        like_examples(model, make_examples(1))


def test_between_drawn_shapes_the_way_is_straight():
    like = like_examples(make_model("mv_vae_gan"), make_examples(5))
    ends = like.draw_latents(2)
    np.testing.assert_allclose(
        way_between(like, ends, True, 2)[1], ends.mean(0), atol=1e-5
    )
