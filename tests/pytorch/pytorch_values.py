"""The store of what PyTorch gave, each with a digest of what it was given.

`make_pytorch_values.py` fills it. Tests read it, so that they need no PyTorch.
"""

import functools
import hashlib
import pathlib
from collections.abc import Iterable
from typing import Any

import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

_SEPARATOR = ":"
STORED = pathlib.Path(__file__).with_suffix(".npz")


def digest(inputs: Any) -> str:
    """Of the numbers and strings in a tree, with their types and shapes."""
    state = hashlib.sha256()
    for leaf in jax.tree.leaves(inputs):
        array = np.asarray(leaf)
        state.update(f"{array.dtype.str} {array.shape};".encode())
        state.update(array.tobytes())
    return state.hexdigest()


def save(
    path: pathlib.Path, version: str, answers: Iterable[tuple[str, Any, Any]]
) -> None:
    """Writes what PyTorch of a version gave: names, inputs and dicts of outputs."""
    contents = {"pytorch": np.array(version)}
    for name, inputs, outputs in answers:
        entry = {"digest": digest(inputs), "outputs": outputs}
        contents |= flatten_dict({name: entry}, sep=_SEPARATOR)
    np.savez_compressed(path, **contents)


class PyTorchValues:
    """What PyTorch gave, by name.

    Attributes:
      version: of PyTorch.
      names: of the comparisons.
    """

    def __init__(self, path: pathlib.Path = STORED):
        with np.load(path) as stored:
            contents = {name: stored[name] for name in stored}
        self.version = str(contents.pop("pytorch"))
        self._entries = unflatten_dict(contents, sep=_SEPARATOR)
        self.names = sorted(self._entries)

    def __call__(self, name: str, inputs: Any) -> dict[str, Any]:
        """The outputs of a comparison.

        Raises:
          AssertionError: these inputs are others than PyTorch had.
        """
        entry = self._entries.get(name)
        if entry is None or str(entry["digest"]) != digest(inputs):
            raise AssertionError(
                f"PyTorch has not been given what this test compares as {name!r}: "
                "run `python -m tests.pytorch.make_pytorch_values` (extra `bench`) "
                "and look at what changed"
            )
        return entry["outputs"]

    def outputs(self, name: str) -> dict[str, np.ndarray]:
        """The same whatever the inputs were, as one flat dict."""
        return flatten_dict(self._entries[name]["outputs"], sep=_SEPARATOR)


def from_pytorch(name: str, inputs: Any) -> dict[str, Any]:
    """What is stored of a comparison; raises as `PyTorchValues` does."""
    return _stored()(name, inputs)


@functools.cache
def _stored() -> PyTorchValues:
    return PyTorchValues()
