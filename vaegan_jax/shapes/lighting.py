"""How the surfaces of a mesh are lit when it is drawn."""

import dataclasses
import math

import numpy as np
from jaxtyping import Float

# Of `trimesh.Trimesh.face_attributes`: how light a triangle is, (t,), 1 at the most.
FACE_TONES = "tones"
_DARKEST, _BRIGHTEST = 20.0, 225.0  # of a shape, so that it stands out from the white


@dataclasses.dataclass(frozen=True)
class Lighting:
    """Lamps that stand with the shape, one at the eye, and haze.

    Both sides of a face are lit alike by the lamp at the eye and by that above, because
    faces of many collections wind both ways.

    Attributes:
      eye: share of the light from the eye; the rest, less `side`, comes from above.
        Without that, faces that meet symmetrically at an edge look alike.
      side: share of the light from a lamp aside, which lights one side of each face.
      azimuth: of that lamp, in degrees, as a camera's.
      elevation: likewise.
      ambient: share of the light that comes from everywhere, beside the lamps.
      haze: by which share what is farthest is darker than what is nearest.
    """

    eye: float = 0.6
    side: float = 0.0
    azimuth: float = 0.0
    elevation: float = 45.0
    ambient: float = 0.0
    haze: float = 0.45

    def levels(
        self,
        normals: Float[np.ndarray, "m 3"],
        directions: Float[np.ndarray, "m 3"],
        nearness: Float[np.ndarray, " m"],
        tones: Float[np.ndarray, " m"] | float = 1.0,
    ) -> Float[np.ndarray, " m"]:
        """Grey levels from 20 to 225 (Lambert's cosine law for each lamp).

        Args:
          normals: of what is seen, unit vectors.
          directions: from the eye to it, unit vectors.
          nearness: of the shape 1 at its front, 0 at its back.
          tones: how light it is.
        """
        cosines = np.einsum("ij,ij->i", normals, directions)
        level = self.eye * np.abs(cosines)
        level = level + (1 - self.eye - self.side) * np.abs(normals[:, 2])
        if self.side:
            # Of each face the side that is seen, however it winds.
            facing = -np.sign(cosines)[:, None] * normals
            level += self.side * np.maximum(facing @ self._towards_side(), 0)
        if self.ambient:
            level = self.ambient + (1 - self.ambient) * level
        level = level * (1 - self.haze + self.haze * nearness) * tones
        return _DARKEST + (_BRIGHTEST - _DARKEST) * level

    def _towards_side(self) -> Float[np.ndarray, "3"]:
        azimuth, elevation = math.radians(self.azimuth), math.radians(self.elevation)
        flat = math.cos(elevation)
        return np.array(
            [
                *(flat * math.sin(azimuth), -flat * math.cos(azimuth)),
                math.sin(elevation),
            ]
        )


def random_lighting(rng: np.random.Generator) -> Lighting:
    """Harsh or soft, from the eye or aside, clear or hazy."""
    side = rng.uniform(0.0, 0.5)
    return Lighting(
        eye=(1 - side) * rng.uniform(0.3, 0.9),
        side=side,
        azimuth=rng.uniform(0, 360),
        elevation=rng.uniform(15, 75),
        ambient=rng.uniform(0.1, 0.8),
        haze=rng.uniform(0.0, 0.4),
    )
