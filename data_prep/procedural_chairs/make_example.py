"""From the number of a chair to its example: the part that runs in many processes."""

import dataclasses

import numpy as np
from jaxtyping import Bool

from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.render import render_views
from vaegan_jax.shapes.voxelize import voxelize

from ..building.examples import encode_view
from .chairs import build_chair
from .parameters import ChairParameters, sample_parameters


@dataclasses.dataclass(frozen=True)
class MadeChair:
    """A chair with its voxels and its views as PNG."""

    index: int
    parameters: ChairParameters
    voxels: Bool[np.ndarray, "x y z"]
    views: list[bytes]


@dataclasses.dataclass(frozen=True)
class ChairMaker:
    """Makes chairs by number; picklable, so that it can be sent to processes."""

    resolution: int
    image_size: int
    camera: Camera
    seed: int = 0

    def __call__(self, index: int) -> MadeChair:
        parameters = sample_parameters(index, self.seed)
        mesh = build_chair(parameters)
        views = render_views(mesh, self.camera, self.image_size)
        return MadeChair(
            index,
            parameters,
            self._voxelize(mesh),
            [encode_view(view) for view in views],
        )

    def _voxelize(self, mesh) -> Bool[np.ndarray, "x y z"]:
        # These meshes are closed, so nothing has to be carved; and their insides are
        # found well enough at 128³, 8 times faster than at 256³.
        oversample = max(1, 128 // self.resolution)
        return voxelize(
            mesh, self.resolution, solid=True, oversample=oversample, method="exact"
        )
