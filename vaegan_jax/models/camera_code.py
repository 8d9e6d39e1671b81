"""Cameras as E tells them: azimuth as shares of sectors, the rest as three numbers.

An azimuth is told as a distribution and not as a number, because outlines of a front
and a back differ little: E may hold both for likely, and what is between for not.
Cameras are arrays (..., 4) with the numbers of `ViewCamera`, in its order.
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


def camera_numbers(cameras: Float[Numbers, "*n 4"]) -> Float[Array, "*n 3"]:
    """Elevation, distance and lens, in standard units."""
    distance = jnp.log(cameras[..., 2] / _USUAL_DISTANCE) / _DISTANCE
    half = jnp.tan(jnp.deg2rad(cameras[..., 3]) / 2)
    lens = jnp.log(half / _USUAL_LENS) / _LENS
    return jnp.stack([cameras[..., 1] / _ELEVATION, distance, lens], -1)


def camera_of(
    azimuths: Float[Numbers, "*n"], numbers: Float[Numbers, "*n 3"]
) -> Float[Array, "*n 4"]:
    """The camera of an azimuth, in degrees, and of `camera_numbers`.

    Numbers of no possible camera, which E may tell of what it has never seen, become
    those of the nearest.
    """
    numbers = jnp.clip(numbers, _LOWEST, _HIGHEST)
    distance = _USUAL_DISTANCE * jnp.exp(_DISTANCE * numbers[..., 1])
    half = _USUAL_LENS * jnp.exp(_LENS * numbers[..., 2])
    field = jnp.rad2deg(2 * jnp.arctan(half))
    return jnp.stack([azimuths, _ELEVATION * numbers[..., 0], distance, field], -1)
