"""Cameras at random places, others for each shape, by which views are made."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera, ViewCamera

KINDS = ("random", "r2n2")

# How large a shape is in a picture: as from the default ring.
_SIZE = Camera().distance * math.tan(math.radians(Camera().field_of_view_degrees) / 2)

# Lowest and highest: elevations in degrees, and distances.
_RANDOM = (-10.0, 50.0), (1.2, 3.6)
# Of the renders of Choy et al. 2016, https://arxiv.org/abs/1604.00449: 1.75 times 0.65
# to 0.94, as 48 of their cameras are; their lens.
_R2N2 = (25.0, 30.0), (1.1375, 1.645)
_R2N2_FIELD = 49.134


@dataclasses.dataclass(frozen=True)
class RandomCameras:
    """Draws the cameras of a shape's views: any azimuth, and from ranges the rest.

    Attributes:
      kind: "random": low and high, near with a wide lens and far with a long one, so
        that shapes are about equally large; or "r2n2": as the renders of 3D-R2N2.
      num_views: of each shape.

    Raises:
      UserError: one of them is impossible.
    """

    kind: str = "random"
    num_views: int = 12

    def __post_init__(self):
        if self.kind not in KINDS:
            raise UserError(f"cameras are {self.kind!r}; give {' or '.join(KINDS)}")
        if self.num_views < 1:
            raise UserError(f"there are {self.num_views} cameras; give 1 or more")

    def views(self, rng: np.random.Generator) -> list[ViewCamera]:
        """The cameras of one shape's views."""
        elevations, distances = _R2N2 if self.kind == "r2n2" else _RANDOM
        cameras = []
        for _ in range(self.num_views):
            distance = rng.uniform(*distances)
            field = math.degrees(2 * math.atan(_SIZE / distance))
            cameras.append(
                ViewCamera(
                    rng.uniform(0, 360),
                    rng.uniform(*elevations),
                    distance,
                    _R2N2_FIELD if self.kind == "r2n2" else field,
                )
            )
        return cameras

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for the metadata of a data set."""
        return dataclasses.asdict(self)


def cameras_of(kind: str, num_views: int = 12) -> Camera | RandomCameras:
    """What takes the views of a data set: "ring", or a kind of `RandomCameras`.

    Raises:
      UserError: there is no such kind.
    """
    return Camera(num_views) if kind == "ring" else RandomCameras(kind, num_views)


def views_of(cameras: Camera | RandomCameras, seed: Sequence[int]) -> list[ViewCamera]:
    """The cameras of one shape's views: those of the ring, or drawn by a seed.

    Raises:
      UserError: a number of the seed is negative, and cameras are random.
    """
    if isinstance(cameras, Camera):
        return cameras.views()
    if min(seed) < 0:
        raise UserError(f"the seed is {min(seed)}; random cameras need 0 or more")
    return cameras.views(np.random.default_rng(seed))
