"""From the number of a shape to its example: the part that runs in many processes."""

import dataclasses

import numpy as np
import trimesh
from jaxtyping import Bool

from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.frames import scale_of_box
from vaegan_jax.shapes.random_cameras import RandomCameras, views_of
from vaegan_jax.shapes.render import render_from
from vaegan_jax.shapes.voxelize import voxelize

from ..building.examples import encode_view
from ..making.workshop import Shape
from .catalogue import Piece, build


@dataclasses.dataclass(frozen=True)
class MadePiece:
    """A piece of furniture; its views know their cameras if these are random."""

    name: str
    piece: Piece
    shape: Shape


@dataclasses.dataclass(frozen=True)
class FurnitureMaker:
    """Makes shapes by number; picklable, so that it can be sent to processes.

    Attributes:
      resolution: voxels along each axis.
      solid: fill the inside of the shapes.
      image_size: height and width of a view in pixels.
      camera: where views are taken from.
      seed: of the shapes, and of random cameras.
      families: of which the shapes are drawn.
    """

    resolution: int
    solid: bool
    image_size: int
    camera: Camera | RandomCameras
    seed: int
    families: tuple[str, ...]

    def __call__(self, index: int) -> MadePiece:
        piece = build(index, self.seed, self.families)
        cameras = views_of(self.camera, [self.seed, index, 2])
        views = render_from(
            piece.mesh, cameras, self.image_size, lighting=piece.lighting
        )
        own = isinstance(self.camera, RandomCameras)
        shape = Shape(
            self._voxelize(piece.mesh),
            [encode_view(view) for view in views],
            np.float32(numbers_of(cameras)) if own else None,
            scale_of_box(piece.mesh.extents),
        )
        return MadePiece(f"{piece.family}_{index:05d}", piece, shape)

    def _voxelize(self, mesh: trimesh.Trimesh) -> Bool[np.ndarray, "x y z"]:
        oversample = max(1, 128 // self.resolution)
        return voxelize(
            mesh, self.resolution, self.solid, oversample=oversample, method="exact"
        )
