"""A split of a prepared data set: what both of its sources give."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8

from vaegan_jax.runtime.stored import StoredArray, Streamed, pick

Stored = np.ndarray | StoredArray | Streamed


@dataclasses.dataclass(frozen=True)
class Examples:
    """Shapes and their views, decoded.

    Voxels, views and targets are in host memory; or, of a packed file that is large
    beside it, they are `StoredArray`s, of which an index reads what it asks for. What
    works with both asks for some rows at a time, and for all by `voxels[...]`. Of a
    directory that is only gone through, to be packed say, they are `Streamed`.

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
    voxels: UInt8[Stored, "n x y z"]
    views: UInt8[Stored, "n v h w c"]
    categories: list[str] = dataclasses.field(default_factory=list)
    targets: UInt8[Stored, "n x y z"] | None = None
    cameras: Float[np.ndarray, "n v 4"] | None = None
    scales: Float[np.ndarray, " n"] | None = None

    def __len__(self) -> int:
        return len(self.names)

    @property
    def nbytes(self) -> int:
        """What it takes in memory, or would."""
        return sum(array.nbytes for array in self._large.values())

    @property
    def in_memory(self) -> bool:
        """Whether all of it is there."""
        return all(isinstance(x, np.ndarray) for x in self._large.values())

    def read(self) -> "Examples":
        """The same in memory."""
        read = {name: array[...] for name, array in self._large.items()}
        return dataclasses.replace(self, **read)

    @property
    def _large(self) -> dict[str, Stored]:
        arrays = {"voxels": self.voxels, "views": self.views, "targets": self.targets}
        return {name: array for name, array in arrays.items() if array is not None}

    def take(self, places: Sequence[int] | np.ndarray) -> "Examples":
        """The examples at these places, in this order; what is stored stays so."""
        places = np.asarray(places, int)
        return Examples(
            [self.names[place] for place in places],
            pick(self.voxels, places),
            pick(self.views, places),
            [self.categories[place] for place in places] if self.categories else [],
            None if self.targets is None else pick(self.targets, places),
            None if self.cameras is None else self.cameras[places],
            None if self.scales is None else self.scales[places],
        )

    def seen_in(
        self, places: Int[np.ndarray, " n"], views: Int[np.ndarray, "n k"]
    ) -> "Examples":
        """The shapes at these places, with these of each one's views alone."""
        cameras = None if self.cameras is None else self.cameras[places[:, None], views]
        seen = pick(self.views, (places[:, None], views))
        blind = dataclasses.replace(self, views=no_views(len(self)), cameras=None)
        return dataclasses.replace(blind.take(places), views=seen, cameras=cameras)


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
