"""Pictures reduced to means over areas."""

import functools

import numpy as np
from jaxtyping import Float, Int, UInt8


def area_means(
    pictures: UInt8[np.ndarray, "*n h w c"], size: int
) -> UInt8[np.ndarray, "*n s s c"]:
    """Pictures of `size`² pixels, each the mean over what it covers, rounded.

    The same as `tf.image.resize(…, method="area")`, rounded half to even: sums are
    exact where the areas are binary fractions, and then divided once.

    Args:
      pictures: at least as large, along both sides.
      size: pixels.
    """
    *leading, height, width, channels = pictures.shape
    rows = _sums(pictures.reshape(-1, height, width * channels), size)
    sums = _sums(rows.reshape(-1, width, channels), size)
    means = np.rint(sums * np.float32(1 / (height / size * width / size)))
    return means.astype(np.uint8).reshape(*leading, size, size, channels)


def _sums(values: np.ndarray, size: int) -> Float[np.ndarray, "m s k"]:
    """Sums (m, s, k) over `size` equal lengths of the pixels along the middle axis."""
    total = np.zeros((len(values), size, values.shape[-1]), np.float32)
    # Not a product of matrices, whose threads would be in each other's way here.
    for places, shares in zip(*_covered(values.shape[1], size), strict=True):
        total += values[:, places] * shares[:, None]
    return total


@functools.cache
def _covered(
    side: int, size: int
) -> tuple[Int[np.ndarray, "t s"], Float[np.ndarray, "t s"]]:
    """Which of `side` pixels each of `size` larger ones covers, and how much of it."""
    edges = np.arange(size + 1) * (side / size)
    pixels = np.arange(side)
    ends = np.minimum(edges[1:, None], pixels + 1)
    shares = np.maximum(ends - np.maximum(edges[:-1, None], pixels), 0)
    most = (shares > 0).sum(1).max()
    first = np.minimum((shares > 0).argmax(1), side - most)
    places = first + np.arange(most)[:, None]
    return places, shares[np.arange(size), places].astype(np.float32)
