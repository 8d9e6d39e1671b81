"""More shapes from those there are: stretched, with views of their own.

A few hundred chairs say little about how long a leg may be. Every axis of a shape is
stretched by itself and unevenly, so that planes stay planes and legs stay upright; the
left half stays the mirror image of the right, where it is. Shape and views then fit
together, which no distortion of the stored views could give.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import trimesh
from jaxtyping import Bool, Float, UInt8

from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.meshes import boxes_mesh

from .view_jitter import ViewTaker

# Natural logarithms, drawn uniformly up to these.
_SCALE = 0.2  # of a whole axis
_SLOPES = (0.3, 0.3, 0.35)  # of its intervals, x, y, z
_INTERVALS = (3, 3, 4)  # of half the x axis, of y and z

Voxels = Bool[np.ndarray, "x y z"]
Points = Float[np.ndarray, "n 3"]


@dataclasses.dataclass(frozen=True)
class Stretch:
    """An increasing, piecewise linear map of each axis.

    Attributes:
      scales: what whole axes are multiplied by.
      knots: of each axis, the images of equally spaced points in [0, 1], from 0 to 1;
        those of x are of the distance from the middle.
    """

    scales: Float[np.ndarray, "3"]
    knots: tuple[Float[np.ndarray, " k"], ...]

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Stretch":
        """A random one."""
        scales = np.exp(rng.uniform(-_SCALE, _SCALE, 3))
        knots = []
        for count, slope in zip(_INTERVALS, _SLOPES, strict=True):
            steps = np.exp(rng.uniform(-slope, slope, count))
            knots.append(np.concatenate([[0], np.cumsum(steps) / steps.sum()]))
        return cls(scales, tuple(knots))

    def __call__(self, points: Points, size: Float[np.ndarray, "3"]) -> Points:
        """Where points of a box, from 0 to `size`, lie in one of scales × size."""
        x, y, z = (points / size).T
        side = 2 * x - 1
        x = (1 + np.sign(side) * self._along(0, np.abs(side))) / 2
        moved = np.stack([x, self._along(1, y), self._along(2, z)], axis=-1)
        return moved * size * self.scales

    def _along(self, axis: int, values: Float[np.ndarray, " n"]):
        knots = self.knots[axis]
        return np.interp(values, np.linspace(0, 1, len(knots)), knots)


def deform(
    voxels: Voxels, stretch: Stretch, centred: bool = True
) -> tuple[Voxels, trimesh.Trimesh, float]:
    """A stretched shape, whose longest side is as long as before.

    A surface one voxel thick would tear or double if voxels were looked up where they
    came from. So the centres of neighbouring voxels are joined by segments, squares and
    cubes first, and the voxels are set that these reach when stretched.

    Args:
      voxels: a grid that is not empty.
      stretch: the map of its bounding box.
      centred: the middle of the box stays, otherwise its low corner; unless it would
        leave the grid.

    Returns:
      The grid, a mesh of the joined centres, half a voxel thick before stretching, and
      the scale of the shape: the side of the grid, in diagonals of the mesh's box. (The
      mesh's longest side is half a voxel shorter than the grid's.)
    """
    joined = _join(voxels)
    occupied = np.argwhere(voxels)
    low = occupied.min(0)
    size = (occupied.max(0) + 1 - low).astype(float)

    # Places between two voxels have odd indices; the centre of voxel 0 is at ½.
    centres = np.argwhere(joined) / 2 + 0.5
    moved = stretch(centres - low, size)
    extent = size * stretch.scales
    factor = size.max() / extent.max()
    start = low + (size - factor * extent) / 2 if centred else low
    start = np.minimum(np.maximum(start, 0), len(voxels) - factor * extent)
    # A last coordinate may be rounded up to the end of the grid.
    cells = np.minimum((start + factor * moved).astype(int), len(voxels) - 1)
    deformed = np.zeros_like(voxels)
    deformed[tuple(cells.T)] = True

    mesh = boxes_mesh(joined)
    corners = (mesh.vertices + 0.5) * (len(joined) / 2) + 0.25
    mesh.vertices = stretch(corners - low, size)
    return deformed, mesh, len(voxels) / (factor * float(np.linalg.norm(mesh.extents)))


def _join(voxels: Voxels) -> Voxels:
    """Voxels at even indices of a grid, and between them what joins all neighbours."""
    joined = np.zeros([2 * side - 1 for side in voxels.shape], bool)
    joined[::2, ::2, ::2] = voxels
    for axis in range(3):  # after the first, this joins segments to squares, and so on
        places = np.moveaxis(joined, axis, 0)
        places[1::2] = places[:-2:2] & places[2::2]
    return joined


@dataclasses.dataclass(frozen=True)
class Deformer:
    """Makes one deformed copy; picklable.

    Attributes:
      take_views: of it.
      centred: see `deform`.
    """

    take_views: ViewTaker
    centred: bool = True

    def __call__(
        self, job: tuple[Voxels, tuple[int, ...], Sequence[ViewCamera]]
    ) -> tuple[Voxels, UInt8[np.ndarray, "v h w"], Float[np.ndarray, "v 4"], float]:
        """Voxels, views, their cameras and the scale of a copy of a grid.

        From the grid, a seed, and the cameras of its own views.
        """
        voxels, seed, cameras = job
        rng = np.random.default_rng(seed)
        stretch = Stretch.draw(rng)
        deformed, mesh, scale = deform(voxels, stretch, self.centred)
        return deformed, *self.take_views(mesh, cameras, rng), scale
