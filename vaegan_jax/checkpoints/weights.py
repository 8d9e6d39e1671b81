"""A trained model in one small file, without what only training needs.

Safetensors files (https://github.com/huggingface/safetensors) hold arrays and nothing
that could run; their header tells shapes before anything is read.
"""

import os
import pathlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict
from safetensors import SafetensorError, safe_open
from safetensors.flax import save

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.npz_files import unreadable

FILE = "weights.safetensors"

_SEPARATOR = "/"
_STEP = "step"


def are_in(directory: str | pathlib.Path) -> bool:
    """Whether a directory holds such a file."""
    return (pathlib.Path(directory) / FILE).is_file()


def write(variables: dict[str, Any], step: int, directory: pathlib.Path) -> None:
    """Writes `weights.safetensors`.

    Kernels are rounded to bfloat16, which halves the file; what there is one of for
    each channel (BatchNorm, biases) stays float32.

    Args:
      variables: as from `TrainState.sampling_variables`.
      step: how many steps they were trained.
      directory: where the file goes.

    Raises:
      UserError: what was written is not what is read.
    """
    arrays = {
        name: jnp.asarray(x, jnp.bfloat16 if x.ndim > 1 else jnp.float32)
        for name, x in flatten_dict(variables, sep=_SEPARATOR).items()
    }
    partial = directory / f"{FILE}.partial"
    content = save(arrays, metadata={_STEP: str(step)})
    try:
        # `save_file` would let nobody else read what is to be given away.
        partial.write_bytes(content)
        if partial.read_bytes() != content:
            raise UserError(unreadable(directory / FILE))
        os.replace(partial, directory / FILE)
    finally:
        partial.unlink(missing_ok=True)


def read(
    directory: str | pathlib.Path, abstract: dict[str, Any]
) -> tuple[dict[str, Any], int]:
    """The variables, in float32 on the first device, and the step.

    Args:
      directory: that holds the file.
      abstract: variables of the model that the file is for; only shapes count.

    Raises:
      UserError: the file is damaged or of another model.
    """
    path = pathlib.Path(directory) / FILE
    expected = flatten_dict(abstract, sep=_SEPARATOR)
    try:
        # By NumPy: JAX would compile a conversion for each shape that there is.
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in names}
            if shapes != {name: x.shape for name, x in expected.items()}:
                raise UserError(
                    f"{path} is of another model than the config.json beside it "
                    "describes, or of another version of the program; use those that "
                    "belong together, or train again"
                )
            arrays = {name: np.float32(file.get_tensor(name)) for name in expected}
            step = int(file.metadata()[_STEP])
    except UserError:
        raise
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged ({error}); fetch it again") from error
    return unflatten_dict(jax.device_put(arrays), sep=_SEPARATOR), step
