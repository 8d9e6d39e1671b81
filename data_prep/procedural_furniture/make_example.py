"""From the number of a shape to its example: the part that runs in many processes."""

import dataclasses

import numpy as np
import trimesh
from jaxtyping import Bool

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.copies import mirror_digest
from vaegan_jax.shapes.frames import scale_of_box
from vaegan_jax.shapes.random_cameras import RandomCameras, views_of
from vaegan_jax.shapes.render import render_from
from vaegan_jax.shapes.voxelize import voxelize

from ..building.examples import encode_view
from ..making.workshop import Shape
from .catalogue import Piece, build

_ATTEMPTS = 30  # at a shape that is not there yet


@dataclasses.dataclass(frozen=True)
class MadePiece:
    """A piece of furniture; its views know their cameras if these are random."""

    index: int
    piece: Piece
    shape: Shape

    @property
    def name(self) -> str:
        return f"{self.piece.family}_{self.index:05d}"


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

    def __call__(self, index: int, attempt: int = 0) -> MadePiece:
        piece = build(index, self.seed, self.families, attempt)
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
        return MadePiece(index, piece, shape)

    def _voxelize(self, mesh: trimesh.Trimesh) -> Bool[np.ndarray, "x y z"]:
        oversample = max(1, 128 // self.resolution)
        return voxelize(
            mesh, self.resolution, self.solid, oversample=oversample, method="exact"
        )


class CopyFilter:
    """Draws a shape anew whose grid equals one of before, or its mirror image.

    What is drawn depends on the order of the shapes, not on the processes that made
    them.
    """

    def __init__(self, maker: FurnitureMaker):
        self._maker = maker
        self._known: set[str] = set()

    def __call__(self, made: MadePiece) -> MadePiece:
        """The shape, or another of its number and family.

        Raises:
          UserError: none that is not there yet was found.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            seen = mirror_digest(made.shape.voxels)
            if seen not in self._known:
                self._known.add(seen)
                return made
            made = self._maker(made.index, attempt)
        raise UserError(
            f"no shape {made.index} was found that is unlike those before it, though "
            f"{_ATTEMPTS} were drawn; give a larger --resolution or a smaller --count"
        )
