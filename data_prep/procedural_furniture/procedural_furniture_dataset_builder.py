"""Furniture of many families made from parameters: voxel grids and rendered views."""

import contextlib
import dataclasses
import json
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.random_cameras import RandomCameras

from ..archives.listing import shapes_name
from ..building import tfds_tools
from ..building.examples import example
from ..making.parallel import parallel_map
from .catalogue import FAMILIES, check_known, family_of
from .make_example import CopyFilter, FurnitureMaker


@dataclasses.dataclass
class FurnitureConfig(tfds.core.BuilderConfig):
    """Which shapes are made, and how they are drawn.

    Attributes:
      resolution: voxels along each axis.
      image_size: height and width of a view in pixels.
      count: how many shapes.
      seed: of the shapes, and of random cameras; 0 or more.
      families: of which they are drawn.
      held_out_families: those of them that are the test split, and nothing else is.
      solid: fill the inside of the shapes.
      camera: where the views are taken from.
    """

    resolution: int = 32
    image_size: int = 64
    count: int = 3000
    seed: int = 0
    families: tuple[str, ...] = tuple(FAMILIES)
    held_out_families: tuple[str, ...] = ()
    solid: bool = False
    camera: Camera | RandomCameras = dataclasses.field(default_factory=Camera)


class Builder(tfds.core.GeneratorBasedBuilder):
    """Parametric furniture with train, validation and test splits."""

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "First release.",
        "1.1.0": "Shapes that equal one of before, mirrored or not, are drawn anew; "
        "runners and tubes below tapering seats meet their legs and bars.",
    }
    BUILDER_CONFIGS: ClassVar = [
        FurnitureConfig(name="r32_v64", description="32³ voxels, 12 views of 64².")
    ]

    def facts(self) -> dict[str, Any]:
        """What makes this data set."""
        config = self.builder_config
        return {
            "source": "procedural_furniture",
            "version": str(self.VERSION),
            "count": config.count,
            "seed": config.seed,
            "families": list(config.families),
            "held_out_families": list(config.held_out_families),
            **tfds_tools.camera_facts(config.camera),
            "image_size": config.image_size,
            "voxelizer": {
                "resolution": config.resolution,
                "solid": config.solid,
                "method": "exact",
            },
        }

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        shared = tfds_tools.features(
            config.resolution,
            config.image_size,
            config.camera.num_views,
            cameras=isinstance(config.camera, RandomCameras),
        )
        text = tfds.features.Text()
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {**shared, "category": text, "parameters": text}
            ),
            metadata=tfds_tools.metadata(**self.facts()),
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing is downloaded
        config = self.builder_config
        maker = FurnitureMaker(
            *(config.resolution, config.solid, config.image_size, config.camera),
            *(config.seed, config.families),
        )
        unlike = CopyFilter(maker)  # of all splits, which are made one after another
        return {
            name: self._generate_examples(name, indices, maker, unlike)
            for name, indices in split_indices(config).items()
        }

    def _generate_examples(
        self, split: str, indices: list[int], maker: FurnitureMaker, unlike: CopyFilter
    ):
        made = parallel_map(maker, indices, f"making furniture, {split}")
        with contextlib.closing(made) as pieces:  # its processes, if one is refused
            for piece in map(unlike, pieces):
                more = {
                    "category": piece.piece.family,
                    "parameters": json.dumps(piece.piece.parameters),
                }
                yield piece.name, {**example(piece.name, *piece.shape), **more}


def name_of(config: FurnitureConfig) -> str:
    """What the data set is called: by its families, and those that are held out."""
    some = () if config.families == tuple(FAMILIES) else config.families
    name = shapes_name(some, config.resolution, config.image_size)
    held_out = config.held_out_families
    return "_".join([name, "held_out", *held_out]) if held_out else name


def split_indices(config: FurnitureConfig) -> dict[str, list[int]]:
    """Numbers of the shapes of every split.

    Of each ten, the last two validate and test; if families are held out, these test,
    and of ten others one validates.

    Raises:
      UserError: a family does not exist, none is left to train on, the seed is
        negative, or a split would be empty.
    """
    check_known(config.families, FAMILIES)
    check_known(config.held_out_families, config.families)
    if config.seed < 0:
        raise UserError(f"the seed is {config.seed}; it must be 0 or more")
    if set(config.held_out_families) == set(config.families):
        raise UserError(
            "all families are held out, so none is left to train on; hold out fewer"
        )
    splits: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for index in range(config.count):
        splits[_split(config, index)].append(index)
    empty = [split for split, indices in splits.items() if not indices]
    if empty:
        raise UserError(
            f"{config.count} shapes are too few: the split {empty[0]} would be empty; "
            "give a larger --count"
        )
    return splits


def _split(config: FurnitureConfig, index: int) -> str:
    held_out = config.held_out_families
    if held_out:
        if family_of(index, config.seed, config.families) in held_out:
            return "test"
    elif index % 10 == 9:
        return "test"
    return "validation" if index % 10 == 8 else "train"
