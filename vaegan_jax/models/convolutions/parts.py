"""A batch in parts: intermediates of convolutions are several times their input."""

from collections.abc import Callable

import jax


def in_parts(function: Callable, at_once: int, *arrays):
    """Stacked results of `function` for parts of the arrays' batch, one by one.

    Args:
      function: of one part of every array.
      at_once: bytes of the first array in a part, or one sample if that is more.
      *arrays: a batch each. A symbolic one, to be exported for any, is left whole.
    """
    first = arrays[0]
    batch, parts = first.shape[0], 1
    if isinstance(batch, int):
        parts = min(batch, -(-first.size * first.dtype.itemsize // at_once))
        while batch % parts:
            parts += 1
    if parts == 1:
        return function(*arrays)[None]
    split = [a.reshape(parts, batch // parts, *a.shape[1:]) for a in arrays]
    return jax.lax.map(lambda part: function(*part), split)
