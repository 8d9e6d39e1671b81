"""Cameras of one shape, made alike where they seem to be.

Who takes pictures of a thing mostly does it from one height, with one lens, about as
far away each time. Where the cameras of all pictures lie no further apart than
estimates err, each gets the median; where they lie much further apart, as cameras that
are anywhere do, they stay. Two or three of these may be alike by chance.
"""

import numpy as np
from jaxtyping import Float

# Standard deviations within a shape that errors alone explain: of elevations, in
# degrees, and of the logarithms of distance and of size in the picture. Chosen on
# held-out real chairs in a ring of cameras, and on furniture seen from anywhere.
_ERRORS = np.array([6.0, 0.14, 0.015])


def agreed(cameras: Float[np.ndarray, "v 4"]) -> Float[np.ndarray, "v 4"]:
    """The cameras of one shape, made alike if they may be.

    Each of elevation, distance and size in the picture goes to its median over the
    views, wholly where their variance is at most that of errors, and not at all where
    it is twice that or more. Azimuths stay.

    Args:
      cameras: the numbers of `ViewCamera`, finite.
    """
    if len(cameras) < 2:  # of one there is nothing to agree with
        return cameras
    azimuths, elevations, distances, fields = np.float64(cameras).T
    sizes = -np.log(distances * np.tan(np.deg2rad(fields) / 2))
    told = np.stack([elevations, np.log(distances), sizes], 1)
    median = np.median(told, axis=0)
    variance = ((told - median) ** 2).sum(0) / (len(told) - 1)
    kept = np.clip(variance / _ERRORS**2 - 1, 0, 1)
    elevations, distances, sizes = (median + kept * (told - median)).T
    distances = np.exp(distances)
    fields = np.rad2deg(2 * np.arctan(np.exp(-sizes) / distances))
    return np.stack([azimuths, elevations, distances, fields], 1)
