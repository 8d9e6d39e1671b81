"""From a mesh file to voxels and views: the part that runs in many processes."""

import dataclasses
import pathlib
import posixpath
import zlib
from urllib.parse import unquote

import numpy as np
import trimesh
from jaxtyping import Bool

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.frames import scale_of_box
from vaegan_jax.shapes.mesh_files import read_mesh
from vaegan_jax.shapes.orientation import find_turn, turn_grid, turn_mesh
from vaegan_jax.shapes.random_cameras import RandomCameras, views_of
from vaegan_jax.shapes.render import render_from
from vaegan_jax.shapes.voxelize import METHODS, voxelize

from ..archives.archive import Archive
from ..archives.listing import ShapeFile
from ..building.examples import encode_view
from ..making.workshop import Shape


@dataclasses.dataclass(frozen=True)
class Voxelizer:
    """How meshes become voxels; see `vaegan_jax.shapes.voxelize`."""

    resolution: int
    solid: bool
    method: str
    centred: bool
    oversample: int

    def __post_init__(self):
        if self.method not in METHODS:
            raise UserError(f"--method is {self.method!r}; give {' or '.join(METHODS)}")

    def __call__(self, mesh: trimesh.Trimesh) -> Bool[np.ndarray, "x y z"]:
        return voxelize(mesh, **dataclasses.asdict(self))


@dataclasses.dataclass(frozen=True)
class MeshMaker:
    """Reads a mesh, voxelises it and renders its views.

    Attributes:
      voxelizer: makes voxels of a mesh in the axes of its file, as binvox does.
      up: "z", "y" or, by the kind of file, None; see `find_turn`.
      cameras: where views are taken from; None makes no views.
      image_size: height and width of a view in pixels.
      seed: of random cameras.
    """

    voxelizer: Voxelizer
    up: str | None
    cameras: Camera | RandomCameras | None
    image_size: int
    seed: int = 0

    def __call__(self, archive: Archive, file: ShapeFile, content: bytes) -> Shape:
        def resource(name: str) -> bytes:
            beside = posixpath.dirname(file.path)
            path = posixpath.normpath(posixpath.join(beside, unquote(name)))
            if path not in archive.names(""):
                raise UserError(f"it refers to {name}, which is not in the archive")
            return archive.read(path)

        suffix = pathlib.PurePosixPath(file.path).suffix
        turn = find_turn(suffix, self.up)
        mesh = read_mesh(content, suffix, "z", resource)  # as it is
        voxels = turn_grid(self.voxelizer(mesh), turn)
        if self.cameras is None:
            return Shape(voxels, [])
        # Those of a ring are recorded once.
        own = isinstance(self.cameras, RandomCameras)
        key = zlib.crc32(file.key.encode(errors="surrogateescape"))
        cameras = views_of(self.cameras, [self.seed, key])
        views = render_from(turn_mesh(mesh, turn), cameras, self.image_size)
        numbers = np.float32(numbers_of(cameras)) if own else None
        encoded = [encode_view(view) for view in views]
        return Shape(voxels, encoded, numbers, scale_of_box(mesh.extents))
