"""The shape that explains its outline decides how pictures were framed."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from tests.helpers import untrained
from vaegan_jax.inference import doubtful_framing
from vaegan_jax.inference.doubtful_framing import settle
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.meshes import voxels_to_mesh
from vaegan_jax.shapes.pictures.fitting import FittedPicture
from vaegan_jax.shapes.render import render_views
from vaegan_jax.shapes.silhouettes import Outlines


def chair(height):
    """A back and a seat on 32³, of some height."""
    grid = np.zeros((32, 32, 32), bool)
    grid[8:24, 8:24, 10:13] = True
    grid[8:24, 21:24, 10:height] = True
    return grid


def view_of(grid, place=1):
    return render_views(voxels_to_mesh(grid), Camera(), 64)[place][..., None]


def fitted(view, moved, otherwise=None):
    given = Image.fromarray(view[..., 0])
    return FittedPicture(view, given, "a", (), moved, otherwise)


def test_an_outline_is_that_of_its_own_shape():
    low, high = chair(16), chair(28)
    ring = numbers_of(Camera().views())
    for grid, other in ((low, high), (high, low)):
        view = view_of(grid, place=4)
        # The view is of the cells themselves, which are larger than what is in them.
        assert Outlines(grid).likeness(view, ring).max() > 0.9
        assert Outlines(other).likeness(view, ring).max() < 0.85
    assert not Outlines(np.zeros((8, 8, 8), bool)).likeness(view, ring).any()


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("first_moved", [False, True])
def test_all_doubtful_pictures_follow_what_explains_them_better(right, first_moved):
    """A model that sees the truth in views framed rightly, and nonsense otherwise."""
    grid = chair(26)
    true = [view_of(grid, place) for place in (1, 5)]
    wrong = [np.roll(view, 9, axis=0) for view in true]

    def reconstruct(views):
        assert views.shape == (4, 1, 64, 64, 1)
        seen = [any((v[0] == t).all() for t in true) for v in views]
        return np.float32([grid if good else chair(14) for good in seen])

    pictures = []
    for good, bad in zip(true, wrong, strict=True):
        of = {right: good, not right: bad}  # by whether it was moved
        other = fitted(of[not first_moved], not first_moved)
        pictures.append(fitted(of[first_moved], first_moved, other))
    clear = fitted(true[0], moved=False)
    settled = settle([clear, *pictures], reconstruct)
    assert settled[0] is clear
    for one, good in zip(settled[1:], true, strict=True):
        assert one.moved == right
        np.testing.assert_array_equal(one.view, good)


def test_clear_pictures_cost_nothing():
    one = fitted(view_of(chair(20)), moved=True)

    def reconstruct(views):
        raise AssertionError

    assert settle([one], reconstruct) == [one]


@pytest.mark.parametrize("prefer_moved", [False, True])
def test_a_model_settles_what_its_framing_leaves_open(monkeypatch, prefer_moved):
    model = untrained("mv_vae_gan")
    grid = chair(24)
    picture = render_views(voxels_to_mesh(grid), Camera(), 96)[1]
    usual = model.framing
    # Three deviations from where it is expected: neither sure nor plainly moved.
    (top, left, side), *_ = usual.windows(picture < 243)
    assert (top, left, side) == (0, 0, 96)
    ends = np.nonzero((picture < 243).any(1))[0][[0, -1]] + (0, 1)
    off = abs(ends.mean() / 96 - 0.525)
    framing = dataclasses.replace(usual, spread=np.array([1.0, off / 3, 1.0]))
    model = dataclasses.replace(model, framing=framing)
    likeness = iter([0.1, 0.9] if prefer_moved else [0.9, 0.1])
    told = lambda *_: np.array([next(likeness)])  # noqa: E731
    monkeypatch.setattr(doubtful_framing.Outlines, "likeness", told)
    (one,) = model.fit(picture)
    assert one.moved == prefer_moved and next(likeness, None) is None
