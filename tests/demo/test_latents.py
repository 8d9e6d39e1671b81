"""Walls of samples and ways between shapes; needs no browser."""

import dataclasses

import numpy as np
import pytest

from tests.using import make_model
from vaegan_jax.demo.latents import SAMPLES, samples, shapes_of, taken, way_of
from vaegan_jax.errors import UserError


@pytest.fixture(scope="module")
def model():
    return make_model("mv_vae_gan")


def test_samples_are_those_of_a_seed(model):
    drawn = samples(model, 5, 0.5)
    expected = model.draw_latents(SAMPLES, 5, 0.5)
    np.testing.assert_array_equal([one.numbers for one in drawn], expected)
    assert drawn[3].name == "sample 3 of seed 5" and drawn[3].sampled
    np.testing.assert_allclose(shapes_of(model, drawn), model.generate(expected))


@pytest.mark.parametrize("seed", (-1, 0.5, None, 2**31))
def test_impossible_seeds_are_refused(model, seed):
    with pytest.raises(UserError, match="a seed is a whole number"):
        samples(model, seed, 1.0)


@pytest.mark.parametrize("sampled", (True, False))
def test_the_ends_of_a_way_are_the_shapes_themselves(model, sampled):
    start, end = (
        dataclasses.replace(one, sampled=sampled) for one in samples(model, 0, 1)[:2]
    )
    way = way_of(model, start, end)
    assert len(way) == SAMPLES and {one.sampled for one in way} == {sampled}
    names = [one.name for one in way]
    assert names[0] == start.name and names[-1] == end.name
    assert names[1] == "9% of the way"
    shapes = shapes_of(model, way)
    for place, one in ((0, start), (-1, end)):
        np.testing.assert_allclose(shapes[place], shapes_of(model, [one])[0], atol=1e-5)


def test_samples_and_pictures_do_not_mix(model):
    first, second, third = samples(model, 0, 1)[:3]
    pictures = dataclasses.replace(third, sampled=False)
    start = taken((None, None), 0, first)
    assert start == (first, None)
    assert taken(start, 1, second) == (first, second)
    assert taken((first, second), 0, third) == (third, second)
    assert taken((first, second), 1, pictures) == (None, pictures)
