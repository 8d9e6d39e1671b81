"""How programs are compiled: on a CPU in less than half the time, to the same bits.

XLA's CPU backend spends nearly all of that time on thousands of small loops between the
matrix products. They are as fast, and round alike, if LLVM tries less and if they are
not emitted through MLIR.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

import jax

_QUICK = {
    "xla_backend_optimization_level": 1,
    "xla_cpu_use_fusion_emitters": False,
}


def quick_options(platform: str | None = None) -> dict[str, Any] | None:
    """What `jax.jit` takes as `compiler_options`; None: nothing but its defaults.

    Only of programs that no other program calls: JAX refuses options of these.

    Args:
      platform: that is compiled for, by default the one that computations run on.
    """
    platform = platform or jax.default_backend()
    return (_accepted() or None) if platform == "cpu" else None


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
    """`jax.jit` with `quick_options`, which it asks for at the first call.

    So a module may use it where no backend may start yet.
    """
    jitted = functools.cache(
        lambda: jax.jit(function, compiler_options=quick_options(), **options)
    )
    return functools.wraps(function)(lambda *arguments: jitted()(*arguments))
