"""What shapes are made of: of samples, of pictures, on the way between two."""

import dataclasses

import numpy as np
from jaxtyping import Float

from vaegan_jax.demo.downloads import WRITER
from vaegan_jax.errors import UserError
from vaegan_jax.inference.interpolate import decoder, way_between
from vaegan_jax.inference.model import Model

Number = int | float  # a browser does not tell them apart
SAMPLES = 12
_STEPS = SAMPLES - 1  # so that one compiled program makes samples and ways


@dataclasses.dataclass(frozen=True)
class Latent:
    """What a shape is made of.

    Attributes:
      numbers: of it.
      sampled: it was drawn; or else it stands for pictures, see `decoder`.
      name: of the shape.
    """

    numbers: Float[np.ndarray, " latent"]
    sampled: bool
    name: str


def shapes_of(model: Model, latents: list[Latent]) -> Float[np.ndarray, "n x y z"]:
    """Probabilities of the shapes of latents of one kind, without small parts."""
    numbers = np.stack([latent.numbers for latent in latents])
    return WRITER.clean(decoder(model, latents[0].sampled)(numbers))


Ends = tuple[Latent | None, Latent | None]


def samples(model: Model, seed: Number | None, truncation: Number) -> list[Latent]:
    """Latents of new shapes.

    Raises:
      UserError: the seed is impossible.
    """
    if seed is None or seed < 0 or seed != int(seed) or seed >= 2**31:
        raise UserError(f"a seed is a whole number from 0 to {2**31 - 1}, not {seed}")
    drawn = model.draw_latents(SAMPLES, int(seed), float(truncation))
    name = f"of seed {int(seed)}"
    return [Latent(one, True, f"sample {i} {name}") for i, one in enumerate(drawn)]


def taken(ends: Ends, place: int, latent: Latent) -> Ends:
    """Ends of which one is new; the other goes if it is of another kind.

    Samples and pictures do not mix, because their latents are distributed differently.
    """
    other = ends[1 - place]
    if other is not None and other.sampled != latent.sampled:
        other = None
    return (latent, other) if place == 0 else (other, latent)


def way_of(model: Model, start: Latent, end: Latent) -> list[Latent]:
    """Latents on the way between two of one kind, both ends among them."""
    both = np.stack([start.numbers, end.numbers])
    way = way_between(model, both, start.sampled, _STEPS)
    names = [f"{i / _STEPS:.0%} of the way" for i in range(_STEPS + 1)]
    names[0], names[-1] = start.name, end.name
    between = zip(way, names, strict=True)
    return [Latent(numbers, start.sampled, name) for numbers, name in between]
