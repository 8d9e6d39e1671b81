"""From a mesh file to voxels and views: the part that runs in many processes."""

import dataclasses
import functools
import hashlib
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
      channels: of the views: 1, grey, or 3, with the colours of the mesh.
    """

    voxelizer: Voxelizer
    up: str | None
    cameras: Camera | RandomCameras | None
    image_size: int
    seed: int = 0
    channels: int = 1

    @property
    def colours(self) -> bool:
        """Whether those of meshes are read."""
        return self.channels == 3 and self.cameras is not None

    def inputs(self, archive: Archive, file: ShapeFile) -> list[str]:
        """What tells whether the materials that a file may name are those of before."""
        named = self.colours and file.path.lower().endswith(".obj")
        return [_materials(archive)] if named else []

    def __call__(self, archive: Archive, file: ShapeFile, content: bytes) -> Shape:
        def resource(name: str) -> bytes:
            beside = posixpath.dirname(file.path)
            path = posixpath.normpath(posixpath.join(beside, unquote(name)))
            if path not in _all_names(archive):
                materials = path.lower().endswith(".mtl")
                remedy = ", or leave --channels=3 out" if materials else ""
                raise UserError(
                    f"it refers to {name}, which is not in the archive; add it{remedy}"
                )
            return archive.read(path)

        suffix = pathlib.PurePosixPath(file.path).suffix
        turn = find_turn(suffix, self.up)
        # As it is, not turned.
        mesh = read_mesh(content, suffix, "z", resource, self.colours)
        voxels = turn_grid(self.voxelizer(mesh), turn)
        if self.cameras is None:
            return Shape(voxels, [])
        # Those of a ring are recorded once.
        own = isinstance(self.cameras, RandomCameras)
        key = zlib.crc32(file.key.encode(errors="surrogateescape"))
        cameras = views_of(self.cameras, [self.seed, key])
        mesh = turn_mesh(mesh, turn)
        views = render_from(mesh, cameras, self.image_size, colours=self.colours)
        numbers = np.float32(numbers_of(cameras)) if own else None
        encoded = [encode_view(view) for view in views]
        return Shape(voxels, encoded, numbers, scale_of_box(mesh.extents))


@functools.lru_cache(maxsize=1)
def _all_names(archive: Archive) -> frozenset[str]:
    """Found once: a folder is walked for them."""
    return frozenset(archive.names(""))


@functools.lru_cache(maxsize=1)
def _materials(archive: Archive) -> str:
    """Of all `.mtl` files of an archive, for those of a shape may lie anywhere."""
    facts = [archive.fingerprint(name) for name in sorted(archive.names((".mtl",)))]
    return hashlib.sha256(repr(facts).encode()).hexdigest()
