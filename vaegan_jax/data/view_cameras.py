"""The cameras of stored views and the scales of shapes, where a data set tells them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from vaegan_jax.data.held_out import is_original
from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera, ViewCamera, numbers_of

# A scale: 1 / √3 of a cube that spans the grid, but for rounding; of what does not span
# it, it is larger.
_SMALLEST = 0.55


def recorded_cameras(
    facts: dict[str, Any], names: Sequence[str], num_views: int
) -> Float[np.ndarray, "n v 4"] | None:
    """Cameras of data sets that store none with their views: their ring, made explicit.

    Args:
      facts: how the data set was made.
      names: of the shapes.
      num_views: of each.

    Returns:
      See `Examples.cameras`: None if no ring is recorded. Views of shapes that were
      added with jitter are not from it, so theirs are unknown.
    """
    try:
        ring = recorded_ring(facts, num_views)
    except UserError:  # somebody else's record: unknown
        ring = None
    if ring is None:
        return None
    cameras = np.tile(numbers_of(ring.views()).astype(np.float32), (len(names), 1, 1))
    if (facts.get("deformed") or {}).get("jitter"):
        cameras[[not is_original(name) for name in names]] = np.nan
    return cameras


def recorded_ring(facts: dict[str, Any], num_views: int) -> Camera | None:
    """The ring of cameras that a data set records; None if it records none.

    Raises:
      UserError: what is recorded is no ring of cameras.
    """
    recorded = facts.get("camera")
    if not recorded or not num_views:
        return None
    try:
        return Camera(**recorded | {"num_views": num_views})
    except TypeError as error:
        raise UserError(f"the data set records no known camera: {recorded}") from error


def checked_cameras(
    stored: Float[np.ndarray, "n v 4"],
) -> Float[np.ndarray, "n v 4"]:
    """Stored cameras, of which each number is possible, see `ViewCamera`, or unknown.

    Raises:
      ValueError: they are not.
    """
    azimuth, elevation, distance, field = np.moveaxis(stored, -1, 0)
    impossible = np.isinf(azimuth) | (np.abs(elevation) >= 90)
    impossible |= (distance <= 0.5) | np.isinf(distance)
    impossible |= (field <= 0) | (field >= 180)
    if impossible.any():
        raise ValueError("some of its cameras are impossible")
    return stored


def known_scales(
    stored: Float[np.ndarray, " n"] | None, count: int
) -> Float[np.ndarray, " n"] | None:
    """Scales as of `Examples`, from what is stored of so many shapes.

    Raises:
      ValueError: they are no scales.
    """
    if stored is None or np.isnan(stored).all():
        return None
    known = stored[~np.isnan(stored)]
    possible = (known > _SMALLEST) & (known < np.inf)
    if (stored.shape, stored.dtype) != ((count,), np.float32) or not possible.all():
        raise ValueError(f"{stored.shape} {stored.dtype} are no scales of the shapes")
    return stored


def known_or_usual(
    cameras: Float[np.ndarray, "v 4"] | None, num_views: int
) -> list[ViewCamera]:
    """The cameras of one shape's views; those of the default ring if unknown."""
    if cameras is None or not np.isfinite(cameras).all():
        return Camera(num_views).views()
    return [ViewCamera(*numbers) for numbers in cameras.tolist()]
