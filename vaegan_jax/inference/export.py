"""Generator and encoder as StableHLO, which runs without this library.

`jax.export` (https://docs.jax.dev/en/latest/export/export.html) lowers each network,
its variables inside, for CPU, CUDA and TPU at once. Artefacts of a JAX version are
promised to load for six months in later ones. Each platform runs convolutions in the
formulation that is fast on it; both are ordinary operations.
"""

import dataclasses
import functools
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any, get_args

import jax
import numpy as np
from jax import export as jax_export

from vaegan_jax.checkpoints import weights
from vaegan_jax.checkpoints.checkpoint import save_config
from vaegan_jax.config.reference import complete
from vaegan_jax.errors import UserError
from vaegan_jax.inference.functions import decode_function, encode_function
from vaegan_jax.inference.latent_mixture import forget_mixture
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.shape_files import make_folder
from vaegan_jax.models.convolutions.strided import Formulation
from vaegan_jax.models.networks import Networks, build_networks
from vaegan_jax.runtime.progress import Progress

PLATFORMS = ("cpu", "cuda", "tpu")
_RUNNER = pathlib.Path(__file__).with_name("run_exported.py")
_ARTEFACTS = ("generator", "encoder", "reconstructor")
_SHAPES = 2  # that the artefacts are checked with


def export_model(model: Model, output: str | pathlib.Path) -> list[pathlib.Path]:
    """Writes the networks, a program that runs them, and numbers to check them by.

    - `generator.jaxexport`: latents of the prior (b, latent) float32 → occupancy
      probabilities (b, x, y, z), any b.
    - with an encoder, `reconstructor.jaxexport`: views (b, v, h, w, c) uint8, any b and
      v → probabilities, and `encoder.jaxexport`: views → latents (b, latent).
    - `check.npz`: for each, `NAME_input` and the `NAME_output` of this library.
    - `run_exported.py`, which needs jax and numpy alone.

    Returns:
      The paths of the artefacts.

    Raises:
      UserError: the folder cannot be made or written to.
    """
    output = make_folder(output)
    model = dataclasses.replace(model, mixture=None)  # the artefact is of the prior
    functions, inputs = _functions(model), _inputs(model)
    paths, check = [], {}
    with Progress("exporting", total=len(functions)) as progress:
        progress.stage("numbers to check it by")
        expected = _expected(model, inputs)
        for old in output.glob("*.jaxexport"):
            if old.stem in _ARTEFACTS:  # of an earlier export, perhaps of another model
                old.unlink()
        for name, function in functions.items():
            progress.stage(name)
            paths.append(output / f"{name}.jaxexport")
            exported = jax_export.export(jax.jit(function), platforms=PLATFORMS)
            paths[-1].write_bytes(exported(_symbolic(inputs[name])).serialize())
            check |= {f"{name}_input": inputs[name], f"{name}_output": expected[name]}
            progress.update()
    np.savez_compressed(output / "check.npz", **check)
    (output / _RUNNER.name).write_text(_RUNNER.read_text("utf-8"), "utf-8")
    return paths


def write_weights(model: Model, output: str | pathlib.Path) -> pathlib.Path:
    """Writes a folder that `model.load` and all commands take for a work directory.

    It holds `weights.safetensors`, `config.json` and, with an encoder, `framing.npz`,
    and `latents.npz` if the model draws from a mixture; a tenth of a checkpoint, from
    which training cannot go on.

    Returns:
      The path of the weights.

    Raises:
      UserError: the folder cannot be made or written to, or holds a training run.
    """
    output = make_folder(output)
    if (output / "checkpoints").exists():
        raise UserError(f"{output} holds a training run; choose another --output")
    config = complete(model.config)
    config.data.dir = config.train.initial_model = None  # paths on this machine
    save_config(output, config)
    if model.networks.encoder is not None:
        model.framing.save(output)
    forget_mixture(output)
    if model.mixture is not None:
        model.mixture.save(output, model.step)
    weights.write(model.variables, model.step, output)
    return output / weights.FILE


def check_exported(output: str | pathlib.Path) -> str:
    """Runs the artefacts in a Python that cannot import this library.

    Returns:
      What `run_exported.py` reports.

    Raises:
      UserError: an artefact does not load or gives other numbers.
    """
    script = pathlib.Path(output).resolve() / _RUNNER.name
    blocked = (
        "import runpy, sys; sys.modules['vaegan_jax'] = sys.modules['flax'] = None; "
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    made = subprocess.run(
        [sys.executable, "-c", blocked, str(script)],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        encoding="utf-8",
        errors="replace",
    )
    if made.returncode:
        reason = made.stderr.strip().removeprefix("error: ")
        raise UserError(f"the exported model is not the same: {reason}")
    return made.stdout.strip()


def _functions(model: Model) -> dict[str, Callable]:
    """What is exported, by name."""
    variables, pooling = model.variables, model.config.model.pooling
    built = {kind: _networks(model, kind) for kind in get_args(Formulation)}

    def by_platform(function: Callable, name: str, values: Any) -> Callable:
        """`function(module, values, inputs)` with the module for the platform."""
        products, plain = (
            functools.partial(function, getattr(built[kind], name))
            for kind in ("winograd", "plain")
        )
        return lambda inputs: jax.lax.platform_dependent(
            values, inputs, cpu=products, default=plain
        )

    functions = {
        "generator": by_platform(decode_function, "generator", variables["generator"])
    }
    if model.networks.encoder is not None:
        decoding = variables["generator"] | {"batch_stats": variables["decoder_stats"]}
        decode = by_platform(decode_function, "generator", decoding)
        encode = by_platform(
            lambda encoder, *inputs: encode_function(encoder, pooling, *inputs),
            "encoder",
            variables["encoder"],
        )
        functions["encoder"] = encode
        functions["reconstructor"] = lambda views: decode(encode(views))
    return functions


def _networks(model: Model, formulation: Formulation) -> Networks:
    config = complete(model.config)
    config.model.convolution = formulation
    return build_networks(config)


def _inputs(model: Model) -> dict[str, np.ndarray]:
    """Something to run each function on."""
    size, channels = model.config.model.image_size, model.config.model.image_channels
    rng = np.random.default_rng(0)
    views = np.full((_SHAPES, 3, size, size, channels), 255, np.uint8)
    inside = slice(size // 4, 3 * size // 4)
    views[:, :, inside, inside] = rng.integers(
        0, 256, views[:, :, inside, inside].shape, np.uint8
    )
    latents = model.draw_latents(_SHAPES)
    return {"generator": latents, "encoder": views, "reconstructor": views}


def _expected(model: Model, inputs: dict) -> dict[str, np.ndarray]:
    expected = {"generator": model.generate(inputs["generator"])}
    if model.networks.encoder is not None:
        expected["encoder"] = model.encode(inputs["encoder"])
        expected["reconstructor"] = model.reconstruct(inputs["reconstructor"])
    return expected


def _symbolic(array: np.ndarray) -> jax.ShapeDtypeStruct:
    """Shape and dtype of an input with any number of shapes, and of views."""
    free = "b" if array.ndim == 2 else "b, v"
    fixed = ", ".join(map(str, array.shape[len(free.split(",")) :]))
    shape = jax_export.symbolic_shape(f"{free}, {fixed}")
    return jax.ShapeDtypeStruct(shape, array.dtype)
