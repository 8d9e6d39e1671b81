"""Voxel grids of 3D ShapeNets, twelve rotations of each object."""

import dataclasses
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from ..archives.archive import Archive
from ..archives.listing import Listing, find_shapes
from ..building import tfds_tools
from ..building.shape_builder import ShapesBuilder, ShapesConfig
from .read_grid import GridReader, identify_rotation


@dataclasses.dataclass
class VolumetricGridsConfig(ShapesConfig):
    """Which grids, and what they are padded to.

    Attributes:
      resolution: voxels along each axis, padding included.
    """

    resolution: int = 32


class Builder(ShapesBuilder):
    """Grids from MATLAB files; the rotations of an object share a split."""

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "First release.",
        "1.1.0": "Copies and mirror images of training shapes do not validate.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Put the files into the manual download folder as `volumetric.zip` or a folder
    `volumetric` (train/chair_000000182_1.mat, …), or name them with
    `python scripts/prepare_data.py volumetric --input=… --output=…`.
    """
    BUILDER_CONFIGS: ClassVar = [
        VolumetricGridsConfig(name="r32", description="30³ voxels padded to 32³.")
    ]
    SOURCE = "volumetric_grids"
    DEFAULT_INPUT = ("volumetric.zip", "volumetric")

    def find(self, archive: Archive) -> Listing:
        categories = self.builder_config.categories
        return find_shapes(archive, (".mat",), categories, identify_rotation)

    def maker(self) -> GridReader:
        return GridReader(self.builder_config.resolution)

    def recipe(self) -> dict[str, Any]:
        return {"padded_to": self.builder_config.resolution}

    def _info(self) -> tfds.core.DatasetInfo:
        return self._shape_info(
            tfds_tools.features(self.builder_config.resolution, 0, 0)
        )
