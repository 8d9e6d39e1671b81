"""Shapes between shapes, and sums of shapes, by way of their latents."""

import itertools
import os
import pathlib
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from vaegan_jax.errors import UserError
from vaegan_jax.inference.model import Model
from vaegan_jax.inference.shape_files import ShapeWriter, make_folder
from vaegan_jax.shapes.animations import save_gif, turntable
from vaegan_jax.shapes.drawing import draw_shapes

_SAMPLE = "sample:"
_NUMBERED = 100_000  # samples, all of which up to the last named one are drawn
_FRAMES = 3  # of the GIF for each shape of the strip


def find_latents(
    model: Model, names: Sequence[str], seed: int = 0
) -> tuple[Float[np.ndarray, "n latent"], bool]:
    """The latents that names stand for.

    Args:
      model: with an encoder if pictures are named.
      names: all numbers of samples, `3` or `sample:3`, as `scripts/sample.py` with this
        seed counts them; or all pictures or folders of pictures, one for each shape.
      seed: of the samples.

    Returns:
      The latents, and whether they are of samples.

    Raises:
      UserError: a name is neither or both, a number is too large, or both kinds are
        named.
    """
    numbers = [int(name.removeprefix(_SAMPLE)) for name in names if _is_number(name)]
    if len(numbers) == len(names):
        last = max(numbers)
        if last >= _NUMBERED:
            raise UserError(f"sample {last} is too far; numbers end at {_NUMBERED - 1}")
        drawn = model.draw_latents(last + 1, seed)
        return drawn[numbers], True
    if numbers:
        raise UserError(
            f"{numbers[0]} is a sample and others are pictures; name samples alone or "
            "pictures alone, because their latents are not distributed alike"
        )
    model.require_encoder()
    latents = []
    for name in names:
        if not os.path.exists(name):
            raise UserError(f"{name} does not exist; name samples, pictures or folders")
        latents.append(model.encode(model.fit_views(name)[None])[0])
    return np.stack(latents), False


def _is_number(name: str) -> bool:
    """Whether a name is the number of a sample.

    Raises:
      UserError: it is a number and a file or folder.
    """
    if name.isdecimal() and os.path.exists(name):
        raise UserError(
            f"{name} is a sample's number and a file or folder here; which is meant? "
            f"give {_SAMPLE}{name} or .{os.sep}{name}"
        )
    return name.removeprefix(_SAMPLE).isdecimal()


def path_between(
    latents: Float[np.ndarray, "n latent"], steps: int, spherical: bool
) -> Float[np.ndarray, "m latent"]:
    """Latents along the way from the first to the last, each one passed through.

    Args:
      latents: two or more.
      steps: how many steps lead from one to the next; the way has
        `(n - 1) * steps + 1` latents.
      spherical: along great circles, which keeps the length that normally distributed
        latents have (White 2016, https://arxiv.org/abs/1609.04468); otherwise straight.

    Raises:
      UserError: there are less than two latents, or no steps.
    """
    if len(latents) < 2:
        raise UserError("there is nothing between one shape; name two or more")
    if steps < 1:
        raise UserError(f"steps is {steps}; give 1 or more")
    way = [latents[:1]]
    mix = _great_circle if spherical else _straight
    shares = np.arange(1, steps + 1, dtype=np.float32) / steps
    for start, end in itertools.pairwise(latents):
        way.append(np.stack([mix(start, end, share) for share in shares]))
    return np.concatenate(way)


def way_between(
    model: Model, latents: Float[np.ndarray, "n latent"], sampled: bool, steps: int
) -> Float[np.ndarray, "m latent"]:
    """`path_between`, round if the latents are samples of a normal prior."""
    prior = sampled and model.mixture is None
    spherical = prior and model.config.prior.distribution == "normal"
    return path_between(latents, steps, spherical)


def decoder(model: Model, sampled: bool) -> Callable:
    """What makes shapes of latents that are samples, or that stand for pictures."""
    return model.generate if sampled else model.decode


def _straight(start: np.ndarray, end: np.ndarray, share: np.float32) -> np.ndarray:
    return (1 - share) * start + share * end


def _great_circle(start: np.ndarray, end: np.ndarray, share: np.float32) -> np.ndarray:
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    cosine = np.clip(start @ end / max(lengths, 1e-12), -1, 1)
    angle = np.arccos(cosine)
    if np.sin(angle) < 1e-4:  # the same direction, or opposite ones
        return _straight(start, end, share)
    weights = np.sin([(1 - share) * angle, share * angle]) / np.sin(angle)
    return (weights[0] * start + weights[1] * end).astype(np.float32)


def write_path(
    model: Model,
    names: Sequence[str],
    output: str | pathlib.Path,
    writer: ShapeWriter,
    steps: int = 6,
    seed: int = 0,
) -> int:
    """Writes shapes between those that are named, in order.

    `strip.png`, `interpolation.gif` there and back, and `step_NNN.*` of each shape.

    Args:
      model: a trained model.
      names: see `find_latents`.
      output: a folder, made if missing.
      writer: how shapes become files.
      steps: from one named shape to the next.
      seed: of the samples.

    Returns:
      How many shapes were written.

    Raises:
      UserError: what is named does not exist or is not two or more shapes.
    """
    latents, sampled = find_latents(model, names, seed)
    way = way_between(model, latents, sampled, steps * _FRAMES)
    shapes = writer.clean(decoder(model, sampled)(way))
    output = make_folder(output)
    kept = shapes[::_FRAMES]
    for i, shape in enumerate(kept):
        writer.write(output, f"step_{i:03d}", shape)
    draw_shapes(writer.filled(kept), len(kept)).save(output / "strip.png")
    frames = [draw_shapes(s[None], image_size=240) for s in writer.filled(shapes)]
    there_and_back = frames + frames[-2:0:-1]
    save_gif(output / "interpolation.gif", there_and_back, len(there_and_back) * 0.08)
    return len(kept)


def write_sum(
    model: Model,
    names: Sequence[str],
    output: str | pathlib.Path,
    writer: ShapeWriter,
    seed: int = 0,
) -> int:
    """Writes the three shapes that are named and A − B + C (Wu et al. 2016, figure 8).

    `strip.png` (A, B, C and the result), `arithmetic.gif`, the four turning, and `a.*`,
    `b.*`, `c.*`, `result.*`.

    Arguments, return and errors as of `write_path`; exactly three names.
    """
    if len(names) != 3:
        raise UserError(f"A − B + C takes three shapes, not {len(names)}")
    latents, sampled = find_latents(model, names, seed)
    a, b, c = latents
    latents = np.stack([a, b, c, a - b + c])
    shapes = writer.clean(decoder(model, sampled)(latents))
    output = make_folder(output)
    for name, shape in zip(("a", "b", "c", "result"), shapes, strict=True):
        writer.write(output, name, shape)
    occupied = writer.filled(shapes)
    headers = ["A", "- B", "+ C", "= A - B + C"]  # the font has no minus sign
    draw_shapes(occupied, 4, headers=headers).save(output / "strip.png")
    save_gif(output / "arithmetic.gif", list(turntable(occupied)), seconds=4.0)
    return 4
