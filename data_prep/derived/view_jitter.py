"""Views of a mesh from a ring of cameras, or from near them.

An encoder that has only seen twelve azimuths and one elevation makes little of others.
Jittered views come from all around, but keep their order: view k is nearest to the
ring's camera k, so what is learnt of azimuths holds.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import trimesh
from jaxtyping import Float, UInt8

from vaegan_jax.shapes.cameras import ViewCamera, numbers_of
from vaegan_jax.shapes.render import render_from

# Degrees beside a camera's azimuth, or half a ring's step if that is less.
_AZIMUTH = 15.0
# Degrees beside its elevation: from a child's height to a tall person's.
_ELEVATION = (-20.0, 10.0)
# How much nearer the camera is, and how much wider it sees: so stronger perspective,
# up to that of a telephone from the default ring, and the same size in the picture.
_STRENGTH = (0.7, 2.1)

# No camera looks straight down, or from inside the shape.
_STEEPEST = 85.0
_NEAREST = 0.9


@dataclasses.dataclass(frozen=True)
class ViewTaker:
    """Takes the views of one mesh; picklable.

    Attributes:
      image_size: pixels along each side of a view.
      jitter: whether each view has a camera of its own near the given one.
    """

    image_size: int
    jitter: bool = False

    def __call__(
        self,
        mesh: trimesh.Trimesh,
        cameras: Sequence[ViewCamera],
        rng: np.random.Generator,
    ) -> tuple[UInt8[np.ndarray, "v h w"], Float[np.ndarray, "v 4"]]:
        """The views from these cameras, or near them, and the numbers of their own.

        `rng` is for the jitter.
        """
        own = jittered(cameras, rng) if self.jitter else cameras
        views = render_from(mesh, own, self.image_size)
        return views, numbers_of(own).astype(np.float32)


def jittered(
    cameras: Sequence[ViewCamera], rng: np.random.Generator
) -> list[ViewCamera]:
    """A random camera near each of some, in their order."""
    beside, own = min(_AZIMUTH, 180 / len(cameras)), []
    for camera in cameras:
        half = np.tan(np.deg2rad(camera.field_of_view_degrees) / 2)
        strength = min(rng.uniform(*_STRENGTH), camera.distance / _NEAREST)
        elevation = camera.elevation_degrees + rng.uniform(*_ELEVATION)
        own.append(
            ViewCamera(
                float(camera.azimuth_degrees + rng.uniform(-beside, beside)),
                float(np.clip(elevation, -_STEEPEST, _STEEPEST)),
                camera.distance / strength,
                float(np.rad2deg(2 * np.arctan(half * strength))),
            )
        )
    return own
