"""The search for the likeliest camera near one, by steps that become smaller."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

_LOWEST, _HIGHEST = -60.0, 80.0
# Degrees of azimuth and elevation, and shares of the size in the picture; halved so
# often.
_STEPS, _HALVINGS = np.array([6.0, 4.0, 0.06]), 3

Numbers = Float[np.ndarray, "m 4"]  # of cameras, as `ViewCamera` has them
Score = Callable[[Numbers], Float[np.ndarray, " m"]]


def climb(score: Score, camera: Float[np.ndarray, "4"]) -> tuple[np.ndarray, float]:
    """The best place near one, and its score."""
    best, steps = score(camera[None])[0], _STEPS
    for _ in range(_HALVINGS):
        while True:
            near = _neighbours(camera, steps)
            scores = score(near)
            if not scores.max() > best:  # nor NaN
                break
            camera, best = near[scores.argmax()], scores.max()
        steps = steps / 2
    return camera, float(best)


def _neighbours(camera: Float[np.ndarray, "4"], steps: np.ndarray) -> Numbers:
    """One step to either side in azimuth, elevation or size."""
    near, signs = np.tile(camera, (6, 1)), np.array([-1.0, 1.0])
    near[0:2, 0] += steps[0] * signs
    near[2:4, 1] += steps[1] * signs
    near[:, 1] = np.clip(near[:, 1], _LOWEST, _HIGHEST)
    near[4:6, 3] = resized(near[4:6, 3], np.exp(steps[2] * signs))
    return near


def resized(fields: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Fields of view of lenses by which all is as many times as large."""
    half = np.tan(np.deg2rad(fields) / 2) / sizes
    return np.rad2deg(2 * np.arctan(half))
