"""Generator, encoder and refiner as StableHLO, which runs without this library.

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
from vaegan_jax.checkpoints.config_file import save_config
from vaegan_jax.config.reference import complete
from vaegan_jax.errors import UserError
from vaegan_jax.inference.functions import (
    decode_function,
    encode_function,
    refine_function,
)
from vaegan_jax.inference.latent_mixture import forget_mixture
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.shape_files import make_folder
from vaegan_jax.models.convolutions.strided import Formulation
from vaegan_jax.models.networks import Networks, build_networks
from vaegan_jax.runtime.progress import Progress
from vaegan_jax.shapes.cameras import Camera, numbers_of

PLATFORMS = ("cpu", "cuda", "tpu")
_RUNNER = pathlib.Path(__file__).with_name("run_exported.py")
_ARTEFACTS = ("generator", "encoder", "reconstructor")
_SHAPES, _VIEWS = 2, 3  # that the artefacts are checked with


def export_model(model: Model, output: str | pathlib.Path) -> list[pathlib.Path]:
    """Writes the networks, a program that runs them, and numbers to check them by.

    - `generator.jaxexport`: latents of the prior (b, latent) float32 → occupancy
      probabilities (b, x, y, z), any b.
    - with an encoder, `reconstructor.jaxexport`: views (b, v, h, w, c) uint8, any b and
      v → probabilities, and `encoder.jaxexport`: views → latents (b, latent).
    - with a refiner, the reconstructor takes the views and their cameras (b, v, 4)
      float32, the numbers of `ViewCamera`: azimuth and elevation in degrees, distance
      in diagonals of the shape's bounding box, field of view in degrees. It estimates
      none: the refiner does not read views whose cameras are NaN.
    - `check.npz`: for each, `NAME_input` and the `NAME_output` of this library, and
      `reconstructor_cameras` if it takes some.
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
            paths[-1].write_bytes(exported(*_symbolic(inputs[name])).serialize())
            check |= {f"{name}_{part}": x for part, x in inputs[name].items()}
            check[f"{name}_output"] = expected[name]
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
    variables, networks = model.variables, model.networks
    built = {kind: _networks(model, kind) for kind in get_args(Formulation)}

    def by_platform(function: Callable, values: Any) -> Callable:
        """`function(networks, values, *inputs)` with those for the platform."""
        products, plain = (
            functools.partial(function, built[kind]) for kind in ("winograd", "plain")
        )
        return lambda *inputs: jax.lax.platform_dependent(
            values, *inputs, cpu=products, default=plain
        )

    def decode(networks, *inputs):
        return decode_function(networks.generator, *inputs)

    def encode(networks, *inputs):
        return encode_function(networks.encoder, model.config.model.pooling, *inputs)

    functions = {"generator": by_platform(decode, variables["generator"])}
    if networks.encoder is None:
        return functions
    functions["encoder"] = to_latents = by_platform(encode, variables["encoder"])
    if networks.refiner is None:
        decoding = variables["generator"] | {"batch_stats": variables["decoder_stats"]}
        to_shapes = by_platform(decode, decoding)
        return functions | {"reconstructor": lambda views: to_shapes(to_latents(views))}
    refining = {k: v for k, v in variables.items() if k != "encoder"}
    refined = by_platform(refine_function, refining)
    heads = networks.encoder.azimuths > 0 and networks.encoder.azimuth_heads

    def reconstruct(views, cameras):
        known = (cameras[..., 0],) if heads else ()
        return refined(to_latents(views, *known), views, cameras)

    return functions | {"reconstructor": reconstruct}


def _networks(model: Model, formulation: Formulation) -> Networks:
    config = complete(model.config)
    config.model.convolution = formulation
    return build_networks(config)


def _inputs(model: Model) -> dict[str, dict[str, np.ndarray]]:
    """Something to run each function on, by what `check.npz` calls it."""
    size, channels = model.config.model.image_size, model.config.model.image_channels
    rng = np.random.default_rng(0)
    views = np.full((_SHAPES, _VIEWS, size, size, channels), 255, np.uint8)
    inside = slice(size // 4, 3 * size // 4)
    views[:, :, inside, inside] = rng.integers(
        0, 256, views[:, :, inside, inside].shape, np.uint8
    )
    latents = model.draw_latents(_SHAPES)
    reconstructor = {"input": views}
    if model.networks.refiner is not None:
        cameras = np.float32(numbers_of(Camera(_VIEWS).views()))
        reconstructor["cameras"] = np.tile(cameras, (_SHAPES, 1, 1))
    return {
        "generator": {"input": latents},
        "encoder": {"input": views},
        "reconstructor": reconstructor,
    }


def _expected(model: Model, inputs: dict) -> dict[str, np.ndarray]:
    functions = {"generator": model.generate}
    if model.networks.encoder is not None:
        functions |= {"encoder": model.encode, "reconstructor": model.reconstruct}
    return {name: apply(*inputs[name].values()) for name, apply in functions.items()}


def _symbolic(inputs: dict[str, np.ndarray]) -> list[jax.ShapeDtypeStruct]:
    """Shapes and dtypes of inputs with any number of shapes, and of views."""
    scope, structs = jax_export.SymbolicScope(), []
    for array in inputs.values():
        free = ["b"] if array.ndim == 2 else ["b", "v"]
        text = ", ".join([*free, *map(str, array.shape[len(free) :])])
        shape = jax_export.symbolic_shape(text, scope=scope)
        structs.append(jax.ShapeDtypeStruct(shape, array.dtype))
    return structs
