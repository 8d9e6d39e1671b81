"""ShapeNet as 3D-R2N2 rendered and voxelised it."""

import dataclasses
import functools
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from vaegan_jax.errors import UserError

from ..archives.archive import Archive, first_existing
from ..archives.listing import Listing, find_shapes
from ..building import tfds_tools
from ..building.shape_builder import ShapesBuilder, ShapesConfig
from .layout import LEFT_OUT, METADATA, identify, read_splits
from .make_example import RenderReader, first_in_archive, inspect_some


@dataclasses.dataclass
class R2n2RendersConfig(ShapesConfig):
    """Where the archives are, and what they hold; `input` is that of the renders.

    Attributes:
      voxels: zip, tar or folder of grids; default `ShapeNetVox32.tgz` or
        `ShapeNetVox32` in the manual download folder.
      splits: a file like `ShapeNet.json`; None draws splits.
      resolution, image_size, num_views: of every grid, render and shape.
      channels: of the views: 1, grey, or 3, the renders' own colours.
    """

    voxels: str | None = None
    splits: str | None = None
    resolution: int = 32
    image_size: int = 137
    num_views: int = 24
    channels: int = 1


class Builder(ShapesBuilder):
    """Grids and renders with the camera of every view."""

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "First release.",
        "1.1.0": "Shapes have their scale.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Put `ShapeNetVox32.tgz` and `ShapeNetRendering.tgz`, or folders of these names, into
    the manual download folder, or name them with
    `python scripts/prepare_data.py r2n2 --voxels=… --views=… --output=…`.
    """
    BUILDER_CONFIGS: ClassVar = [
        R2n2RendersConfig(name="r32_v137", description="32³ voxels, 24 views of 137²."),
        R2n2RendersConfig(
            name="r32_v137_rgb",
            description="32³ voxels, 24 views of 137² in colour.",
            channels=3,
        ),
    ]
    SOURCE = "r2n2_renders"
    DEFAULT_INPUT = ("ShapeNetRendering.tgz", "ShapeNetRendering")

    def find(self, archive: Archive) -> Listing:
        config = self.builder_config
        splits = read_splits(config.splits) if config.splits else None
        listing = find_shapes(
            archive,
            (METADATA,),
            config.categories,
            functools.partial(identify, splits=splits),
        )
        # Shapes that the splits leave out are left out, as others do.
        files = [file for file in listing.files if file.split != LEFT_OUT]
        if not files:
            raise UserError(
                f"{config.splits} names none of the shapes that are there"
                if splits
                else f"{archive.path} holds no <synset>/<id>/rendering/{METADATA}"
            )
        files = [first_in_archive(archive, file) for file in files]
        return dataclasses.replace(listing, files=files)

    def inputs(self, archive: Archive, listing: Listing) -> list:
        """Of all renders and grids, and the split of every shape."""
        reader = self.maker()
        return [(file.split, reader.inputs(archive, file)) for file in listing.files]

    def maker(self) -> RenderReader:
        config = self.builder_config
        voxels = config.voxels or first_existing(
            self._downloads.manual_dir, "ShapeNetVox32.tgz", "ShapeNetVox32"
        )
        return RenderReader(
            *(voxels, config.resolution, config.image_size, config.num_views),
            config.channels,
        )

    def _split_generators(self, dl_manager):
        self._downloads = dl_manager  # which has a manual folder only if it is needed
        return super()._split_generators(dl_manager)

    def recipe(self) -> dict[str, Any]:
        config = self.builder_config
        names = ("voxels", "splits", "image_size", "num_views")
        facts = {name: getattr(config, name) for name in names}
        return facts | tfds_tools.channel_facts(config.channels)

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        return self._shape_info(
            tfds_tools.features(
                *(config.resolution, config.image_size, config.num_views),
                cameras=True,
                channels=config.channels,
            )
        )


def inspect_archives(
    voxels: str, views: str, splits: str | None, **settings
) -> R2n2RendersConfig:
    """The configuration that fits two archives, after reading some shapes of them.

    Raises:
      FileNotFoundError: there is no such file or folder.
      UserError: nothing is found, or none of the first shapes can be read.
    """
    config = R2n2RendersConfig(
        "any", input=views, voxels=voxels, splits=splits, **settings
    )
    with Archive(views) as renders, Archive(voxels) as grids:
        files = Builder.find(_Finder(config), renders).files
        files.sort(key=lambda file: renders.position(file.path))
        reader = inspect_some(renders, grids, files)
    return dataclasses.replace(
        config,
        resolution=reader.resolution,
        image_size=reader.image_size,
        num_views=reader.num_views,
    )


@dataclasses.dataclass
class _Finder:
    """What `Builder.find` uses of a builder, before there can be one."""

    builder_config: R2n2RendersConfig
