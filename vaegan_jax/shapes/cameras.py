"""Where the views of a shape are taken from.

Shapes are centred at the origin, with a bounding box whose diagonal is 1; z is up, and
the front looks towards −y. Numbers of a camera come in the order of `ViewCamera`.
"""

import dataclasses
import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from vaegan_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class ViewCamera:
    """The perspective camera of one view, which looks at the origin.

    Attributes:
      azimuth_degrees: a: 0 in front of a shape, 90 on its +x side.
      elevation_degrees: e: height of the eye above the horizon.
      distance: d: from the eye to the origin, in diagonals of the shape's bounding box.
      field_of_view_degrees: vertical (and horizontal: images are square).

    Raises:
      UserError: one of them is impossible.
    """

    azimuth_degrees: float = 0.0
    elevation_degrees: float = 30.0
    distance: float = 2.6
    field_of_view_degrees: float = 24.5

    def __post_init__(self):
        _check(self)
        if not math.isfinite(self.azimuth_degrees):
            raise UserError(
                f"ViewCamera.azimuth_degrees is {self.azimuth_degrees}; give a number."
            )

    @property
    def numbers(self) -> Float[np.ndarray, "4"]:
        """Azimuth, elevation and field of view in degrees, distance in its place."""
        return np.array(dataclasses.astuple(self), np.float64)

    @property
    def eye(self) -> Float[np.ndarray, "3"]:
        """d (sin a cos e, −cos a cos e, sin e)."""
        return _eye_and_axes(self.numbers, np)[0]

    @property
    def axes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Unit vectors forward, right and up."""
        return _eye_and_axes(self.numbers, np)[1:]

    def ray_directions(self, image_size: int) -> Float[np.ndarray, "h w 3"]:
        """Unit directions from the eye through the centre of every pixel.

        Row 0 is the top of the image, column 0 its left edge.
        """
        rows, columns = np.ogrid[:image_size, :image_size]
        return self.directions_through(rows, columns, image_size)

    def directions_through(
        self,
        rows: Int[np.ndarray, "..."],
        columns: Int[np.ndarray, "..."],
        image_size: int,
    ) -> Float[np.ndarray, "... 3"]:
        """Unit directions from the eye through the centres of some pixels.

        Rows and columns broadcast against each other.
        """
        forward, right, up = self.axes
        half = np.tan(np.deg2rad(self.field_of_view_degrees) / 2)
        across, down = (
            ((index + 0.5) / image_size * 2 - 1) * half for index in (columns, rows)
        )
        directions = forward + across[..., None] * right - down[..., None] * up
        return directions / np.linalg.norm(directions, axis=-1, keepdims=True)

    def project(self, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 2"]:
        """Image position (row, column) of points, each from 0 to 1 inside the image."""
        return project(points, self.numbers)


def project(points: Any, cameras: Any, xp: ModuleType = np) -> Any:
    """Where cameras see points; differentiable in both where `xp` is `jax.numpy`.

    Args:
      points: (..., n, 3), in the frame of the views.
      cameras: (..., 4), the numbers of `ViewCamera`.
      xp: NumPy, or a module like it.

    Returns:
      Row and column (..., n, 2), each from 0 to 1 inside the image; the pinhole model.
      Points behind the eye have no place: theirs mean nothing.
    """
    _, forward, right, up = _eye_and_axes(cameras, xp)
    # One coordinate after the other: products with 3 × 3 matrices take ten times as
    # long on a CPU. The eye looks at the origin, so only along its axis it is not at 0.
    down, across, ahead = (
        sum(points[..., i] * axis[..., i : i + 1] for i in range(3))
        for axis in (-up, right, forward)
    )
    half = xp.tan(xp.deg2rad(cameras[..., 3:]) / 2)
    depth = (ahead + cameras[..., 2:3]) * half * 2
    return xp.stack([down / depth, across / depth], axis=-1) + 0.5


def _eye_and_axes(cameras: Any, xp: ModuleType) -> tuple[Any, Any, Any, Any]:
    """Eyes, and unit vectors forward, right and up: (..., 3) each."""
    azimuth, elevation = xp.deg2rad(cameras[..., 0]), xp.deg2rad(cameras[..., 1])
    sin_a, cos_a, sin_e, cos_e = (
        function(angle)
        for angle in (azimuth, elevation)
        for function in (xp.sin, xp.cos)
    )
    outward = xp.stack([sin_a * cos_e, -cos_a * cos_e, sin_e], axis=-1)
    right = xp.stack([cos_a, sin_a, xp.zeros_like(cos_a)], axis=-1)
    up = xp.stack([-sin_a * sin_e, cos_a * sin_e, cos_e], axis=-1)
    return cameras[..., 2:3] * outward, -outward, right, up


@dataclasses.dataclass(frozen=True)
class Camera:
    """A ring of cameras, by which views are made.

    The defaults are those of the 12-view ModelNet images of MVCNN (Su et al. 2015,
    https://arxiv.org/abs/1505.00880): view 0 looks at the front (−y) of a shape,
    later views go round it counter-clockwise as seen from above.

    Attributes:
      num_views: number of views, at equal steps of azimuth.
      elevation_degrees, distance, field_of_view_degrees: see `ViewCamera`.

    Raises:
      UserError: one of them is impossible.
    """

    num_views: int = 12
    elevation_degrees: float = 30.0
    distance: float = 2.6
    field_of_view_degrees: float = 24.5

    def __post_init__(self):
        if self.num_views < 1:
            raise UserError(
                f"Camera.num_views is {self.num_views}; give a whole number from 1 up."
            )
        _check(self)

    def azimuths(self) -> Float[np.ndarray, " v"]:
        """Azimuth of every view, in degrees."""
        return np.arange(self.num_views) * (360 / self.num_views)

    def views(self) -> list[ViewCamera]:
        """The camera of every view."""
        fields = dataclasses.asdict(self)
        del fields["num_views"]
        return [ViewCamera(float(azimuth), **fields) for azimuth in self.azimuths()]

    def to_dict(self) -> dict[str, int | float]:
        """The camera as plain numbers, for the metadata of a data set."""
        return dataclasses.asdict(self)


def numbers_of(cameras: Sequence[ViewCamera]) -> Float[np.ndarray, "v 4"]:
    """The numbers of several cameras."""
    return np.stack([camera.numbers for camera in cameras])


def _check(camera: ViewCamera | Camera) -> None:
    kind = type(camera).__name__
    if not -90 < camera.elevation_degrees < 90:
        raise UserError(
            f"{kind}.elevation_degrees is {camera.elevation_degrees}; "
            "give an angle between −90 and 90, exclusive."
        )
    if not 0.5 < camera.distance < math.inf:
        raise UserError(
            f"{kind}.distance is {camera.distance}; give a number above 0.5, or the "
            "eye is inside the shape (whose bounding-box diagonal is 1)."
        )
    if not 0 < camera.field_of_view_degrees < 180:
        raise UserError(
            f"{kind}.field_of_view_degrees is {camera.field_of_view_degrees}; "
            "give an angle between 0 and 180, exclusive."
        )
