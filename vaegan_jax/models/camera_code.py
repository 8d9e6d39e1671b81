"""Cameras as E tells them: azimuth as shares of sectors, the rest as three numbers.

An azimuth is told as a distribution and not as a number, because outlines of a front
and a back differ little: E may hold both for likely, and what is between for not.
Cameras are arrays (..., 4) with the numbers of `ViewCamera`, in its order. Of NumPy's
arrays come NumPy's: what is asked a thousand times of a few cameras, of ever other
numbers of them, is not to be compiled each time.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

NUMBERS = 3
Numbers = Array | np.ndarray
# One is about as much as cameras of a data set differ: of elevations, in degrees, and
# of the logarithms of distance and of the lens's tangent.
_ELEVATION, _DISTANCE, _LENS = 30.0, 0.3, 0.3
_USUAL_DISTANCE, _USUAL_LENS = 2.0, 0.3
# Within what `ViewCamera` takes: to 84° up or down, from 0.6 to 22 diagonals away, with
# lenses of 3° to 146°.
_LOWEST, _HIGHEST = np.array([-2.8, -4.0, -8.0]), np.array([2.8, 8.0, 8.0])


def azimuth_shares(
    azimuths: Float[Numbers, "*n"], sectors: int
) -> Float[Array, "*n sectors"]:
    """An azimuth as the shares of the two sectors whose middles it lies between.

    Sector i has its middle at i · 360° / sectors; there, its share is 1.

    Args:
      azimuths: in degrees.
      sectors: how many.
    """
    places = azimuths[..., None] / (360.0 / sectors) - jnp.arange(sectors)
    beside = jnp.abs((places + sectors / 2) % sectors - sectors / 2)
    return jnp.maximum(0.0, 1.0 - beside)


def camera_numbers(cameras: Float[Numbers, "*n 4"]) -> Float[Numbers, "*n 3"]:
    """Elevation, distance and lens, in standard units."""
    xp = cameras.__array_namespace__()
    distance = xp.log(cameras[..., 2] / _USUAL_DISTANCE) / _DISTANCE
    half = xp.tan(xp.deg2rad(cameras[..., 3]) / 2)
    lens = xp.log(half / _USUAL_LENS) / _LENS
    return xp.stack([cameras[..., 1] / _ELEVATION, distance, lens], -1)


def camera_of(
    azimuths: Float[Numbers, "*n"], numbers: Float[Numbers, "*n 3"]
) -> Float[Numbers, "*n 4"]:
    """The camera of an azimuth, in degrees, and of `camera_numbers`.

    Numbers of no possible camera, which E may tell of what it has never seen, become
    those of the nearest.
    """
    xp = numbers.__array_namespace__()
    numbers = xp.clip(numbers, _LOWEST, _HIGHEST)
    distance = _USUAL_DISTANCE * xp.exp(_DISTANCE * numbers[..., 1])
    half = _USUAL_LENS * xp.exp(_LENS * numbers[..., 2])
    field = xp.rad2deg(2 * xp.arctan(half))
    return xp.stack([azimuths, _ELEVATION * numbers[..., 0], distance, field], -1)
