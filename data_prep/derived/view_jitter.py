"""Views of a mesh from a ring of cameras, or from near them.

An encoder that has only seen twelve azimuths and one elevation makes little of others.
Jittered views come from all around, but keep their order: view k is nearest to the
ring's camera k, so what is learnt of azimuths holds.
"""

import dataclasses

import numpy as np
import trimesh
from jaxtyping import UInt8

from vaegan_jax.shapes.cameras import Camera, ViewCamera
from vaegan_jax.shapes.render import render_from, render_views

# Degrees beside the ring's azimuth, or half its step if that is less.
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
      camera: the ring.
      image_size: pixels along each side of a view.
      jitter: whether each view has a camera of its own near the ring's.
    """

    camera: Camera
    image_size: int
    jitter: bool = False

    def __call__(
        self, mesh: trimesh.Trimesh, rng: np.random.Generator
    ) -> UInt8[np.ndarray, "v h w"]:
        """The views, in the ring's order; `rng` is for the jitter."""
        if not self.jitter:
            return render_views(mesh, self.camera, self.image_size)
        return render_from(mesh, jittered(self.camera, rng), self.image_size)


def jittered(camera: Camera, rng: np.random.Generator) -> list[ViewCamera]:
    """A random camera near each of a ring, in the ring's order."""
    beside = min(_AZIMUTH, 180 / camera.num_views)
    half = np.tan(np.deg2rad(camera.field_of_view_degrees) / 2)
    cameras = []
    for azimuth in camera.azimuths():
        strength = min(rng.uniform(*_STRENGTH), camera.distance / _NEAREST)
        elevation = camera.elevation_degrees + rng.uniform(*_ELEVATION)
        own = ViewCamera(
            float(azimuth + rng.uniform(-beside, beside)),
            float(np.clip(elevation, -_STEEPEST, _STEEPEST)),
            camera.distance / strength,
            float(np.rad2deg(2 * np.arctan(half * strength))),
        )
        cameras.append(own)
    return cameras
