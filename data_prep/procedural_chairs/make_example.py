"""From the number of a chair to its example: the part that runs in many processes."""

import dataclasses

import numpy as np
from jaxtyping import Bool

from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.frames import scale_of_box
from vaegan_jax.shapes.random_cameras import RandomCameras, views_of
from vaegan_jax.shapes.render import render_from
from vaegan_jax.shapes.voxelize import voxelize

from ..building.examples import encode_view
from ..making.workshop import Shape
from .chairs import build_chair
from .parameters import ChairParameters, sample_parameters


@dataclasses.dataclass(frozen=True)
class MadeChair:
    """A chair; its views know their cameras if these are random."""

    index: int
    parameters: ChairParameters
    shape: Shape


@dataclasses.dataclass(frozen=True)
class ChairMaker:
    """Makes chairs by number; picklable, so that it can be sent to processes."""

    resolution: int
    image_size: int
    camera: Camera | RandomCameras
    seed: int = 0

    def __call__(self, index: int) -> MadeChair:
        parameters = sample_parameters(index, self.seed)
        mesh = build_chair(parameters)
        cameras = views_of(self.camera, [self.seed, index, 1])
        views = render_from(mesh, cameras, self.image_size)
        own = isinstance(self.camera, RandomCameras)
        return MadeChair(
            index,
            parameters,
            Shape(
                self._voxelize(mesh),
                [encode_view(view) for view in views],
                np.float32(numbers_of(cameras)) if own else None,
                scale_of_box(mesh.extents),
            ),
        )

    def _voxelize(self, mesh) -> Bool[np.ndarray, "x y z"]:
        # These meshes are closed, so nothing has to be carved; and their insides are
        # found well enough at 128³, 8 times faster than at 256³.
        oversample = max(1, 128 // self.resolution)
        return voxelize(
            mesh, self.resolution, solid=True, oversample=oversample, method="exact"
        )
