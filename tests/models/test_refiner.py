import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vaegan_jax.models.convolutions.phases import merge_phases, split_phases
from vaegan_jax.models.evidence import Evidence, no_evidence
from vaegan_jax.models.refiner import Refiner, _halve, _mirrored

SIZE = 8


def make_inputs(batch: int = 2, seed: int = 0) -> tuple[Evidence, jax.Array]:
    keys = jax.random.split(jax.random.key(seed), 3)
    like = no_evidence(batch, SIZE)
    evidence = Evidence(
        *(jax.random.uniform(k, x.shape) for k, x in zip(keys, like, strict=False))
    )
    return evidence, 3 * jax.random.normal(keys[2], (batch, SIZE, SIZE, SIZE, 1))


@pytest.fixture(scope="module")
def made():
    refiner = Refiner((4, 6))
    return refiner, refiner.init(jax.random.key(0), *make_inputs(), train=False)


def test_it_begins_with_grids_as_sparse_as_the_data(made):
    refiner, variables = made
    logits = refiner.apply(variables, *make_inputs(), train=False)
    assert (logits.shape, logits.dtype) == ((2, SIZE, SIZE, SIZE, 1), jnp.float32)
    assert 0.03 < jax.nn.sigmoid(logits).mean() < 0.3


def test_it_goes_by_all_that_it_is_told(made):
    refiner, variables = made

    def total(cells, views, logits):
        out = refiner.apply(variables, Evidence(cells, views), logits, train=False)
        return (out**2).sum()

    (cells, views), logits = make_inputs()
    for gradient in jax.grad(total, (0, 1, 2))(cells, views, logits):
        assert (gradient != 0).mean() > 0.5


def test_each_shape_is_refined_by_itself(made):
    refiner, variables = made
    evidence, logits = make_inputs()
    together = refiner.apply(variables, evidence, logits, train=False)
    one = refiner.apply(
        variables, jax.tree.map(lambda x: x[:1], evidence), logits[:1], train=False
    )
    np.testing.assert_allclose(one, together[:1], atol=1e-5)


@pytest.mark.parametrize("formulation", ["gather", "winograd"])
def test_formulations_agree(made, formulation):
    _, variables = made
    plain, other = (
        Refiner((4, 6), formulation=f).apply(variables, *make_inputs(), train=False)
        for f in ("plain", formulation)
    )
    np.testing.assert_allclose(other, plain, atol=1e-4)


def test_halving_takes_the_maxima_of_blocks():
    h = jax.random.normal(jax.random.key(1), (2, 4, 6, 2, 3))
    pool = lambda x: nn.max_pool(x, (2, 2, 2), (2, 2, 2))  # noqa: E731
    np.testing.assert_array_equal(_halve(h), pool(h))
    ours, theirs = (
        jax.grad(lambda x, f=f: (f(x) ** 3).sum())(h) for f in (_halve, pool)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_mirrored_numbers_are_those_of_the_other_side():
    grid = jax.random.normal(jax.random.key(2), (1, 4, 6, 2, 3))
    mirrored = merge_phases(_mirrored(split_phases(grid)))
    np.testing.assert_array_equal(mirrored, grid[:, ::-1])


def test_bfloat16_products_give_float32_logits(made):
    _, variables = made
    inputs = make_inputs()
    half = Refiner((4, 6), dtype=jnp.bfloat16).apply(variables, *inputs, train=False)
    full = Refiner((4, 6)).apply(variables, *inputs, train=False)
    assert half.dtype == jnp.float32
    np.testing.assert_allclose(half, full, atol=0.1)
