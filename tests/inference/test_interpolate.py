import numpy as np
import pytest

from tests.using import make_model, make_picture
from vaegan_jax.errors import UserError
from vaegan_jax.inference.interpolate import find_latents, path_between


def test_a_path_passes_through_every_latent():
    latents = np.random.default_rng(0).normal(size=(3, 50)).astype(np.float32)
    for spherical in (False, True):
        way = path_between(latents, 4, spherical)
        assert way.shape == (9, 50) and way.dtype == np.float32
        np.testing.assert_allclose(way[::4], latents, atol=1e-5)
    straight = path_between(latents, 4, False)
    np.testing.assert_allclose(straight[2], latents[:2].mean(0), atol=1e-6)


def test_great_circles_keep_the_length_and_even_angles():
    a, b = np.eye(2, dtype=np.float32)
    way = path_between(np.stack([a, b]), 3, True)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(
        np.arctan2(way[:, 1], way[:, 0]), np.deg2rad([0, 30, 60, 90]), atol=1e-6
    )
    # No great circle is given by equal, opposite or zero latents.
    for other in (a, -a, 0 * a):
        assert np.isfinite(path_between(np.stack([a, other]), 3, True)).all()


def test_paths_need_two_shapes_and_a_step():
    latents = np.zeros((1, 4), np.float32)
    with pytest.raises(UserError, match="name two or more"):
        path_between(latents, 3, True)
    with pytest.raises(UserError, match="steps is 0"):
        path_between(np.zeros((2, 4), np.float32), 0, True)


def test_names_are_samples_or_pictures(tmp_path):
    model = make_model("vae_gan")
    latents, sampled = find_latents(model, ["4", "0"], seed=2)
    assert sampled
    np.testing.assert_array_equal(latents, model.draw_latents(5, 2)[[4, 0]])

    folder = tmp_path / "many/b"
    a, b = make_picture(tmp_path / "a.png"), make_picture(folder / "b.png", 3)
    latents, sampled = find_latents(model, [str(a), str(folder)])
    assert not sampled
    seen = np.stack([model.fit_views([p]) for p in (a, b)])
    np.testing.assert_allclose(latents, model.encode(seen), atol=1e-5)

    with pytest.raises(UserError, match="sample 999999999999 is too far"):
        find_latents(model, ["1", "9" * 12])
    with pytest.raises(UserError, match="samples alone or pictures alone"):
        find_latents(model, ["1", str(a)])
    make_picture(tmp_path / "many/c/c.png")
    with pytest.raises(UserError, match="several shapes"):
        find_latents(model, [str(tmp_path / "many"), str(a)])
    with pytest.raises(UserError, match="no encoder"):
        find_latents(make_model("gan"), [str(a), str(a)])
