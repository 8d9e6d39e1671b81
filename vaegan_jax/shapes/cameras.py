"""Where the views of a shape are taken from."""

import dataclasses
import math

import numpy as np
from jaxtyping import Float, Int

from vaegan_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class Camera:
    """A ring of perspective cameras that look at the origin, z up.

    The defaults are those of the 12-view ModelNet images of MVCNN (Su et al. 2015,
    https://arxiv.org/abs/1505.00880): view 0 looks at the front (−y) of a shape,
    later views go round it counter-clockwise as seen from above.

    Attributes:
      num_views: number of views, at equal steps of azimuth.
      elevation_degrees: height of the eye above the horizon.
      distance: from the eye to the origin, in diagonals of the shape's bounding box.
      field_of_view_degrees: vertical (and horizontal: images are square).
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
        if not -90 < self.elevation_degrees < 90:
            raise UserError(
                f"Camera.elevation_degrees is {self.elevation_degrees}; "
                "give an angle between −90 and 90, exclusive."
            )
        if not 0.5 < self.distance < math.inf:
            raise UserError(
                f"Camera.distance is {self.distance}; give a number above 0.5, or the "
                "eye is inside the shape (whose bounding-box diagonal is 1)."
            )
        if not 0 < self.field_of_view_degrees < 180:
            raise UserError(
                f"Camera.field_of_view_degrees is {self.field_of_view_degrees}; "
                "give an angle between 0 and 180, exclusive."
            )

    def azimuths(self) -> Float[np.ndarray, " v"]:
        """Azimuth of every view, in radians."""
        return np.arange(self.num_views) * (2 * np.pi / self.num_views)

    def eyes(self) -> Float[np.ndarray, "v 3"]:
        """Eye of every view: d (sin a cos e, −cos a cos e, sin e)."""
        return np.stack([self.eye(a) for a in self.azimuths()])

    def eye(self, azimuth: float) -> Float[np.ndarray, "3"]:
        """Eye at an azimuth in radians, 0 being in front of the shape."""
        e = np.deg2rad(self.elevation_degrees)
        across, up = np.cos(e), np.sin(e)
        return self.distance * np.array(
            [np.sin(azimuth) * across, -np.cos(azimuth) * across, up]
        )

    def ray_directions(
        self, eye: Float[np.ndarray, "3"], image_size: int
    ) -> Float[np.ndarray, "h w 3"]:
        """Unit directions from an eye through the centre of every pixel.

        Row 0 is the top of the image, column 0 its left edge.
        """
        rows, columns = np.ogrid[:image_size, :image_size]
        return self.directions_through(eye, rows, columns, image_size)

    def directions_through(
        self,
        eye: Float[np.ndarray, "3"],
        rows: Int[np.ndarray, "..."],
        columns: Int[np.ndarray, "..."],
        image_size: int,
    ) -> Float[np.ndarray, "... 3"]:
        """Unit directions from an eye through the centres of some pixels.

        Rows and columns broadcast against each other.
        """
        forward, right, up = self.axes(eye)
        half = np.tan(np.deg2rad(self.field_of_view_degrees) / 2)
        across, down = (
            ((index + 0.5) / image_size * 2 - 1) * half for index in (columns, rows)
        )
        directions = forward + across[..., None] * right - down[..., None] * up
        return directions / np.linalg.norm(directions, axis=-1, keepdims=True)

    def project(
        self, points: Float[np.ndarray, "n 3"], eye: Float[np.ndarray, "3"]
    ) -> Float[np.ndarray, "n 2"]:
        """Image position (row, column) of points, each from 0 to 1 inside the image."""
        forward, right, up = self.axes(eye)
        half = np.tan(np.deg2rad(self.field_of_view_degrees) / 2)
        offset = points - eye
        depth = offset @ forward
        row = -(offset @ up) / (depth * half)
        column = (offset @ right) / (depth * half)
        return np.stack([row, column], axis=-1) / 2 + 0.5

    @staticmethod
    def axes(eye: Float[np.ndarray, "3"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Unit vectors forward, right and up of the camera at an eye."""
        forward = -eye / np.linalg.norm(eye)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        return forward, right, np.cross(right, forward)

    def to_dict(self) -> dict[str, int | float]:
        """The camera as plain numbers, for the metadata of a data set."""
        return dataclasses.asdict(self)
