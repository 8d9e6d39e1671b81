"""Any folder, zip or tar of meshes as voxels and views."""

import dataclasses
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.mesh_files import MESH_SUFFIXES
from vaegan_jax.shapes.random_cameras import RandomCameras
from vaegan_jax.shapes.voxelize import default_method

from ..archives.archive import Archive
from ..archives.listing import Listing, find_shapes
from ..building import tfds_tools
from ..building.shape_builder import ShapesBuilder, ShapesConfig
from .make_example import MeshMaker, Voxelizer


@dataclasses.dataclass
class MeshFolderConfig(ShapesConfig):
    """Which meshes, and what is made of them.

    Attributes:
      resolution: voxels along each axis.
      solid: fill the inside of the shapes.
      method, centred, oversample: of `vaegan_jax.shapes.voxelize`.
      up: "z", "y" or, by the kind of file, None.
      camera: where views are taken from; None makes none. Random ones are of the seed.
      image_size: height and width of a view in pixels.
      channels: of the views: 1, grey, or 3, with the plain colours of the files.
    """

    resolution: int = 32
    solid: bool = False
    method: str | None = None
    centred: bool = True
    oversample: int = 4
    up: str | None = None
    camera: Camera | RandomCameras | None = dataclasses.field(default_factory=Camera)
    image_size: int = 224
    channels: int = 1

    @property
    def voxelizer(self) -> Voxelizer:
        """Raises UserError for a method that does not exist."""
        return Voxelizer(
            self.resolution,
            self.solid,
            self.method or default_method(self.solid),
            self.centred,
            self.oversample,
        )


class Builder(ShapesBuilder):
    """Shapes made from meshes: voxels in binvox's frame, and rendered views."""

    VERSION = tfds.core.Version("1.2.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "First release.",
        "1.1.0": "Copies and mirror images of training shapes do not validate.",
        "1.2.0": "Shapes with views have their scale.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Put the meshes into the manual download folder as `meshes.zip` or a folder `meshes`
    (chair/train/NAME.off, chair/NAME.obj, …), or name them with
    `python scripts/prepare_data.py meshes --input=… --output=…`.
    """
    BUILDER_CONFIGS: ClassVar = [
        MeshFolderConfig(name="r32_v224", description="32³ voxels, 12 views of 224²."),
        MeshFolderConfig(
            name="r32_v224_rgb",
            description="32³ voxels, 12 views of 224² in colour.",
            channels=3,
        ),
    ]
    SOURCE = "mesh_folder"
    DEFAULT_INPUT = ("meshes.zip", "meshes")

    def find(self, archive: Archive) -> Listing:
        return find_shapes(archive, MESH_SUFFIXES, self.builder_config.categories)

    def maker(self) -> MeshMaker:
        config = self.builder_config
        return MeshMaker(
            *(config.voxelizer, config.up, config.camera, config.image_size),
            *(config.seed, config.channels),
        )

    def inputs(self, archive: Archive, listing: Listing) -> list:
        """Of all materials that OBJ files may name, where colours are read."""
        return sorted(
            {x for f in listing.files for x in self.maker().inputs(archive, f)}
        )

    def recipe(self) -> dict[str, Any]:
        config = self.builder_config
        return {
            "up": config.up,
            "voxelizer": {
                "name": "vaegan_jax.shapes.voxelize",
                **dataclasses.asdict(config.voxelizer),
            },
            **tfds_tools.camera_facts(config.camera),
            "image_size": config.image_size if config.camera else None,
            **tfds_tools.channel_facts(config.channels if config.camera else 1),
        }

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        num_views = config.camera.num_views if config.camera else 0
        return self._shape_info(
            tfds_tools.features(
                config.resolution,
                config.image_size,
                num_views,
                cameras=isinstance(config.camera, RandomCameras),
                channels=config.channels,
            )
        )
