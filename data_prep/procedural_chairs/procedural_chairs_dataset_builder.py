"""Chairs made from parameters: solid voxel grids and rendered views."""

import dataclasses
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.random_cameras import RandomCameras, cameras_of

from ..building import tfds_tools
from ..building.examples import example
from ..making.parallel import parallel_map
from .make_example import ChairMaker
from .parameters import ChairParameters


@dataclasses.dataclass
class ChairsConfig(tfds.core.BuilderConfig):
    """Which chairs are made, and how they are drawn.

    Attributes:
      resolution: voxels along each axis.
      image_size: height and width of a view in pixels.
      total: number of chairs; of ten, eight train, one validates and one tests.
      camera: where the views are taken from.
    """

    resolution: int = 32
    image_size: int = 64
    total: int = 1200
    camera: Camera | RandomCameras = dataclasses.field(default_factory=Camera)


def configuration(
    resolution: int, image_size: int, cameras: str = "ring"
) -> ChairsConfig:
    """The one of twelve views from a ring, or of random cameras of a kind."""
    kind = "" if cameras == "ring" else f"_{cameras}"
    return ChairsConfig(
        name=f"r{resolution}_v{image_size}{kind}",
        description=f"{resolution}³ voxels, twelve views of {image_size}² pixels.",
        resolution=resolution,
        image_size=image_size,
        camera=cameras_of(cameras),
    )


class Builder(tfds.core.GeneratorBasedBuilder):
    """Parametric chairs with train, validation and test splits."""

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "First release.",
        "1.1.0": "Chairs have their scale.",
    }
    BUILDER_CONFIGS: ClassVar = [
        configuration(r, v) for r in (32, 64) for v in (64, 128, 224)
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        shared = tfds_tools.features(
            config.resolution,
            config.image_size,
            config.camera.num_views,
            cameras=isinstance(config.camera, RandomCameras),
        )
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {**shared, "parameters": _parameter_features()}
            ),
            metadata=tfds_tools.metadata(
                source="procedural_chairs",
                total=config.total,
                **tfds_tools.camera_facts(config.camera),
                voxelizer={
                    "resolution": config.resolution,
                    "solid": True,
                    "method": "exact",
                },
            ),
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing is downloaded
        splits = split_indices(self.builder_config.total)
        return {
            name: self._generate_examples(name, indices)
            for name, indices in splits.items()
        }

    def _generate_examples(self, split: str, indices: list[int]):
        config = self.builder_config
        maker = ChairMaker(config.resolution, config.image_size, config.camera)
        for made in parallel_map(maker, indices, f"making chairs, {split}"):
            name = f"chair_{made.index:05d}"
            parameters = dataclasses.asdict(made.parameters)
            shared = example(name, *made.shape)
            yield name, {**shared, "parameters": parameters}


def split_indices(total: int) -> dict[str, list[int]]:
    """Chair numbers of every split: of each ten, the last two validate and test."""
    return {
        "train": [i for i in range(total) if i % 10 < 8],
        "validation": [i for i in range(total) if i % 10 == 8],
        "test": [i for i in range(total) if i % 10 == 9],
    }


def _parameter_features() -> dict:
    kinds = {
        str: tfds.features.Text(),
        float: np.float32,
        int: np.int32,
        bool: np.bool_,
    }
    return {
        field.name: kinds[field.type] for field in dataclasses.fields(ChairParameters)
    }
