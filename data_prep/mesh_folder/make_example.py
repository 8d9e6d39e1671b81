"""From a mesh file to voxels and views: the part that runs in many processes."""

import dataclasses
import pathlib
import posixpath
from urllib.parse import unquote

import numpy as np
from jaxtyping import Bool

from data_prep.archives import Archive
from data_prep.examples import encode_view
from data_prep.shape_files import ShapeFile
from vaegan_jax.errors import UserError
from vaegan_jax.shapes import Camera, read_mesh, render_views, voxelize


@dataclasses.dataclass(frozen=True)
class MeshMaker:
    """Reads a mesh, voxelises it and renders its views.

    Attributes:
      resolution: voxels along each axis.
      solid: fill the inside.
      up: "z", "y" or, by the kind of file, None; see `read_mesh`.
      camera: where views are taken from; None makes no views.
      image_size: height and width of a view in pixels.
    """

    resolution: int
    solid: bool
    up: str | None
    camera: Camera | None
    image_size: int

    def __call__(
        self, archive: Archive, file: ShapeFile, content: bytes
    ) -> tuple[Bool[np.ndarray, "x y z"], list[bytes]]:
        def resource(name: str) -> bytes:
            beside = posixpath.dirname(file.path)
            path = posixpath.normpath(posixpath.join(beside, unquote(name)))
            if path not in archive.names(""):
                raise UserError(f"it refers to {name}, which is not in the archive")
            return archive.read(path)

        suffix = pathlib.PurePosixPath(file.path).suffix
        mesh = read_mesh(content, suffix, self.up, resource)
        voxels = voxelize(mesh, self.resolution, self.solid)
        if self.camera is None:
            return voxels, []
        views = render_views(mesh, self.camera, self.image_size)
        return voxels, [encode_view(view) for view in views]
