"""Of what colour the background of a picture is, told by its border."""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float

from vaegan_jax.errors import UserError

TOLERANCE = 12.0  # grey levels by which a plain background may vary
PLAIN = 0.65  # of the border must be background; objects may touch the border
_EVEN = (90.0, 6.0)  # a percentile of the border's distances, and its grey levels
_NOISE = 4.0  # standard deviations that the tolerance covers
_STEEPEST = 120.0  # grey levels from one end of a picture to another
_ROUNDS = 12  # of reweighting
_STRIP = 50  # uneven backgrounds are told by a strip of one part in so many


@dataclasses.dataclass(frozen=True)
class Background:
    """The colour that each pixel would have without an object.

    Attributes:
      colour: the same everywhere, or of each pixel.
      tolerance: grey levels by which it may differ.
      even: whether it is the same everywhere.
    """

    colour: Float[np.ndarray, "*hw 3"]
    tolerance: float = TOLERANCE
    even: bool = True

    def distance(self, colours: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w"]:
        """How far each pixel is from it, in grey levels of the farthest channel."""
        return np.abs(colours - self.colour).max(-1)


def border_pixels(
    image: Float[np.ndarray, "h w ..."], width: int = 1
) -> Float[np.ndarray, "n ..."]:
    """The pixels of a border of some width, row by row, then column by column."""
    rows = (image[:width], image[-width:])
    columns = (image[width:-width, :width], image[width:-width, -width:])
    parts = [part.reshape(-1, *image.shape[2:]) for part in (*rows, *columns)]
    return np.concatenate(parts)


def border_colour(
    colours: Float[np.ndarray, "h w 3"],
) -> tuple[Float[np.ndarray, "3"], Bool[np.ndarray, " n"]]:
    """The median of the border, and which of its pixels are about of that colour."""
    border = border_pixels(colours)
    median = np.median(border, axis=0)
    return median, np.abs(border - median).max(-1) <= 2 * TOLERANCE


def find_background(name: str, colours: Float[np.ndarray, "h w 3"]) -> Background:
    """The median of the border, or a smooth surface through it.

    The latter, quadratic in row and column, is of least absolute differences: it holds
    for shade, gradients and vignettes, and its tolerance for noise.

    Raises:
      UserError: more than a third of the border is of another colour.
    """
    median, near = border_colour(colours)
    if near.mean() >= PLAIN:
        share, levels = _EVEN
        distance = np.abs(border_pixels(colours)[near] - median).max(-1)
        if np.percentile(distance, share) <= levels:
            return Background(median)
    height, width = colours.shape[:2]
    strip = max(1, min(height, width) // _STRIP)
    places = _powers(height, width)
    border, known = border_pixels(colours, strip), border_pixels(places, strip)
    weights = _least_absolute(known, border)
    distance = np.abs(border - known @ weights).max(-1)
    spread = 1.4826 * float(np.median(distance))  # of normal noise: its deviation
    tolerance = min(max(TOLERANCE, _NOISE * spread), 2 * TOLERANCE)
    surface = places @ weights
    steep = np.ptp(surface, axis=(0, 1)).max() > _STEEPEST
    if steep or (distance <= 2 * tolerance).mean() < PLAIN:
        raise UserError(
            f"{name}: the background is not plain, so the object cannot be told from "
            "it; cut the object out and save it as PNG with a transparent background"
        )
    return Background(surface, tolerance, even=False)


def _powers(height: int, width: int) -> Float[np.ndarray, "h w 6"]:
    """1, r, c, r², rc and c² of rows and columns from −1 to 1."""
    r, c = np.meshgrid(
        np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"
    )
    powers = np.stack([np.ones_like(r), r, c, r * r, r * c, c * c], axis=-1)
    return powers.astype(np.float32)


def _least_absolute(
    known: Float[np.ndarray, "n 6"], levels: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "6 3"]:
    """Iteratively reweighted least squares."""
    weights = np.ones(len(known), np.float32)
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)[:, None]
        solution = np.linalg.lstsq(known * root, levels * root, rcond=None)[0]
        weights = 1 / np.maximum(np.abs(levels - known @ solution).max(-1), 1.0)
    return solution
