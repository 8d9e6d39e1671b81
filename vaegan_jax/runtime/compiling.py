"""How programs are compiled that people wait for once: with fewer optimisations.

XLA's CPU backend spends nearly all of its time on thousands of small loops between the
matrix products. LLVM may try less, and MLIR be left out. What is little but such loops,
as R is, then runs more slowly, and last digits may differ. So what runs often is
compiled as usual: R on many shapes, and the training step, whose runs are to be
repeated bit for bit.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

_QUICK = {
    "xla_backend_optimization_level": 1,
    "xla_cpu_use_fusion_emitters": False,
}


def quick_options() -> dict[str, Any] | None:
    """What `jax.jit` takes as `compiler_options`; None: nothing but its defaults.

    These are for programs alone that no other program calls: JAX refuses options of
    what is traced as a part, so there are none while anything is traced.
    """
    if jax.default_backend() != "cpu" or isinstance(jnp.zeros(()), jax.core.Tracer):
        return None
    return _accepted() or None


@functools.cache
def _accepted() -> dict[str, Any]:
    """Those that this XLA knows, unless the user has chosen."""
    chosen = os.environ.get("XLA_FLAGS", "")
    return {
        name: value
        for name, value in _QUICK.items()
        if name not in chosen and _is_known({name: value})
    }


def _is_known(options: dict[str, Any]) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options=options).lower().compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True


def jit(function: Callable, **options: Any) -> Callable:
    """`jax.jit` with `quick_options`, which it asks for when it is called.

    So a module may use it where no backend may start yet. Arguments are positional.
    What is differentiated without being compiled as a whole is compiled as usual.
    """

    @functools.cache
    def jitted(*chosen):
        return jax.jit(function, compiler_options=dict(chosen) or None, **options)

    @functools.wraps(function)
    def call(*arguments):
        leaves = jax.tree.leaves(arguments)
        traced = any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)
        chosen = None if traced else quick_options()
        return jitted(*(chosen or {}).items())(*arguments)

    return call
