"""What the devices of a compiled program send each other."""

import math
import re

KINDS = (
    *("all-reduce", "all-gather", "reduce-scatter", "all-to-all"),
    "collective-permute",
)
_BYTES = {"pred": 1, "s8": 1, "u8": 1, "bf16": 2, "f16": 2, "s32": 4, "u32": 4}
_BYTES |= {"f32": 4, "s64": 8, "u64": 8, "f64": 8}

_OPERATION = re.compile(rf"= (.*?) ({'|'.join(KINDS)})(?:-start)?\(")
_ARRAY = re.compile(r"(\w+)\[([\d,]*)\]")


def sent_bytes(program: str) -> dict[str, list[int]]:
    """Bytes that each collective operation of a program yields, by kind.

    Args:
      program: as from `jax.stages.Compiled.as_text`.
    """
    found: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for result, kind in _OPERATION.findall(program):
        sizes = (
            _BYTES.get(dtype, 4) * math.prod(map(int, filter(None, shape.split(","))))
            for dtype, shape in _ARRAY.findall(result)
        )
        found[kind].append(sum(sizes))
    return found
