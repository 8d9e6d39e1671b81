"""A split of a prepared data set in memory: what both of its sources give."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8


@dataclasses.dataclass(frozen=True)
class Examples:
    """Shapes and their views, decoded, in host memory.

    Attributes:
      names: of the shapes.
      voxels: occupancy, 0 or 1; z up, front towards -y.
      views: images on white, of one channel, grey, or three.
      categories: of the shapes; empty if the data set does not tell.
      targets: probabilities, in 255ths, that reconstruction aims at in place of the
        voxels; None if it aims at these.
      cameras: of the views: azimuth and elevation in degrees, distance in diagonals of
        the shape's bounding box, field of view in degrees, see `ViewCamera`; NaN where
        they are not known, None if none is.
      scales: of the shapes: the side of the grid, which the longest side of the shape's
        bounding box spans, in diagonals of that box, so from 1 / √3 to about 1; see
        `frames`. NaN where it is not known, None if none is.
    """

    names: list[str]
    voxels: UInt8[np.ndarray, "n x y z"]
    views: UInt8[np.ndarray, "n v h w c"]
    categories: list[str] = dataclasses.field(default_factory=list)
    targets: UInt8[np.ndarray, "n x y z"] | None = None
    cameras: Float[np.ndarray, "n v 4"] | None = None
    scales: Float[np.ndarray, " n"] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def take(self, places: Sequence[int] | np.ndarray) -> "Examples":
        """The examples at these places, in this order."""
        places = np.asarray(places, int)
        return Examples(
            [self.names[place] for place in places],
            self.voxels[places],
            self.views[places],
            [self.categories[place] for place in places] if self.categories else [],
            None if self.targets is None else self.targets[places],
            None if self.cameras is None else self.cameras[places],
            None if self.scales is None else self.scales[places],
        )


def no_views(count: int) -> UInt8[np.ndarray, "n v h w c"]:
    """The views of examples that were read without them."""
    return np.zeros((count, 0, 0, 0, 1), np.uint8)


def missing_views(path: str | pathlib.Path) -> str:
    """What to say to those who want the views of a data set without any."""
    return (
        f"{path} holds voxels without views, which vae_gan and mv_vae_gan learn from: "
        "make the data set from meshes with vaegan prepare-data meshes, without "
        "--no-views, or train --config=gan on this one"
    )
