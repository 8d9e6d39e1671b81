"""Quick compiling: when it is asked for, and that it changes no results."""

import functools

import jax
import numpy as np
import pytest

from vaegan_jax.models.generator import Generator
from vaegan_jax.runtime import compiling
from vaegan_jax.runtime.compiling import jit, quick_options

LEVEL = "xla_backend_optimization_level"
USUAL = {LEVEL: 3, "xla_cpu_use_fusion_emitters": True}


@pytest.fixture
def unchosen(monkeypatch):
    """As where no flags of XLA are set; tests set some."""
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    compiling._accepted.cache_clear()
    yield
    compiling._accepted.cache_clear()


@pytest.fixture
def refused(unchosen, monkeypatch):
    """Of two options one is of another version."""
    options = {LEVEL: 1, "xla_cpu_no_such_option": True}
    monkeypatch.setattr(compiling, "_QUICK", options)


def test_only_cpus_are_compiled_for_so(unchosen, monkeypatch):
    assert quick_options()[LEVEL] == 1
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert quick_options() is None


def test_options_of_other_versions_are_left_out(refused):
    assert quick_options() == {LEVEL: 1}


def test_what_the_user_has_chosen_stays(unchosen, monkeypatch):
    flags = [f"--{name}=0" for name in compiling._QUICK]
    monkeypatch.setenv("XLA_FLAGS", " ".join(flags))
    assert quick_options() is None


def test_parts_of_what_is_traced_have_none(unchosen):
    """JAX refuses them."""

    def traced(x):
        assert quick_options() is None
        return double(x) + 1

    double = jit(lambda x: 2 * x)
    assert jax.eval_shape(traced, 1.0).shape == ()
    assert jax.grad(double)(1.0) == 2 and jax.grad(jax.grad(double))(1.0) == 0
    assert double(1.0) == 2 and jax.jit(traced)(1.0) == 3 and double(2.0) == 4


def test_quick_programs_compute_the_same(unchosen):
    """Of a generator by tiles, whose loops are most of what is compiled."""
    generator = Generator((8, 4), use_bias=True, formulation="winograd")
    latents = jax.random.normal(jax.random.key(1), (4, 6))
    initialise = jax.jit(functools.partial(generator.init, train=False))
    variables = initialise(jax.random.key(0), latents)

    def apply(latents):
        return generator.apply(variables, latents, train=False)

    usual = {name: USUAL[name] for name in quick_options()}
    expected = jax.jit(apply, compiler_options=usual)(latents)
    assert expected.std() > 0.01
    np.testing.assert_allclose(jit(apply)(latents), expected, rtol=1e-5, atol=1e-6)
