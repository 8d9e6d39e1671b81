"""Binvox grids and view images that somebody else has made, paired by name."""

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import ClassVar

import tensorflow_datasets as tfds

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.progress import Progress
from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.orientation import Turn, frame_turn, turn_grid

from ..archives.archive import Archive, first_existing
from ..archives.listing import shapes_name
from ..building import tfds_tools
from ..building.examples import encode_view, example
from .checking import check_pairs, read_grid, read_view
from .pairing import Pair, Pairing, pair_archives


@dataclasses.dataclass
class ArchiveConfig(tfds.core.BuilderConfig):
    """Where the grids and images are, and what they hold.

    Attributes:
      voxels: zip, tar or folder of binvox files; default `voxels.zip` or `voxels` in
        the manual download folder.
      views: tar, zip or folder of images; default `views.tar` or `views` there.
      categories: take only these; empty takes all.
      drop_duplicates: keep only one of identical grids.
      strict: stop at a file that cannot be used, instead of leaving the shape out.
      up, front: the frame of the grids, as `orientation.frame_turn` takes it.
      pairing: what they hold, if that is known; otherwise they are read for it.
      listing: tells whether the files are still those that were paired.
      resolution, image_size, num_views: of every grid, image and shape.
      channels: of the views: 1, grey, or 3, the images' own colours.
      ring: whether the images are known to be from the default ring of cameras.
    """

    voxels: str | None = None
    views: str | None = None
    categories: tuple[str, ...] = ()
    drop_duplicates: bool = False
    strict: bool = False
    up: str | None = None
    front: str | None = None
    pairing: Pairing | None = None
    listing: str = ""
    resolution: int = 32
    image_size: int = 224
    num_views: int = 12
    channels: int = 1
    ring: bool = False

    @property
    def camera(self) -> dict[str, int | float] | None:
        """That of the images, as metadata tell it; None if it is not known."""
        return Camera(self.num_views).to_dict() if self.ring else None


def inspect_archives(
    voxels: str,
    views: str,
    categories: Sequence[str] = (),
    drop_duplicates: bool = False,
    strict: bool = False,
    up: str | None = None,
    front: str | None = None,
    channels: int = 1,
    ring: bool = False,
) -> ArchiveConfig:
    """The configuration that fits two archives, after reading all that they hold.

    Raises:
      FileNotFoundError: if there is no such file or folder.
      UserError: if they cannot be read or nothing pairs up; in strict mode, if a file
        cannot be used.
    """
    with Archive(voxels) as grids, Archive(views) as images:
        pairing, digests, (resolution, image_size) = check_pairs(
            pair_archives(grids, images, categories),
            voxels,
            views,
            strict,
            frame_turn(up, front),
        )
        pairing = pairing.arranged(digests, drop_duplicates)
        listing = _fingerprint(pairing, grids, images)
    return ArchiveConfig(
        name=shapes_name(categories, resolution, image_size, channels),
        description=f"{resolution}³ voxels and {image_size}² views from archives.",
        voxels=voxels,
        views=views,
        categories=tuple(categories),
        drop_duplicates=drop_duplicates,
        strict=strict,
        up=up,
        front=front,
        pairing=pairing,
        listing=listing,
        resolution=resolution,
        image_size=image_size,
        num_views=pairing.num_views,
        channels=channels,
        ring=ring,
    )


def _fingerprint(pairing: Pairing, grids: Archive, images: Archive) -> str:
    facts = [grids.fingerprint(pair.voxels) for pair in pairing.pairs]
    facts += [images.fingerprint(view) for pair in pairing.pairs for view in pair.views]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


class Builder(tfds.core.GeneratorBasedBuilder):
    """Shapes from an archive of binvox grids and one of view images."""

    VERSION = tfds.core.Version("1.2.0")
    RELEASE_NOTES: ClassVar = {
        "1.0.0": "First release.",
        "1.1.0": "Copies and mirror images of training shapes do not validate.",
        "1.2.0": "Shapes have their scale, where their grids' files tell it.",
    }
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Put the grids into the manual download folder as `voxels.zip` or a folder `voxels`
    (chair/train/NAME.binvox) and the images as `views.tar` or a folder `views`
    (chair/train/NAME_001.png), or name both with
    `python scripts/prepare_data.py archive --voxels=… --views=… --output=…`.
    """
    BUILDER_CONFIGS: ClassVar = [
        ArchiveConfig(name="r32_v224", description="32³ voxels, 12 views of 224²."),
        ArchiveConfig(
            name="r32_v224_rgb",
            description="32³ voxels, 12 views of 224² in colour.",
            channels=3,
        ),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        shared = tfds_tools.features(
            *(config.resolution, config.image_size, config.num_views),
            channels=config.channels,
        )
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {**shared, "category": tfds.features.Text()}
            ),
            metadata=tfds_tools.metadata(
                source="voxel_view_archive",
                voxels=config.voxels,
                views=config.views,
                categories=list(config.categories),
                drop_duplicates=config.drop_duplicates,
                up=config.up,
                front=config.front,
                listing=config.listing,
                **tfds_tools.channel_facts(config.channels),
                **({"camera": config.camera} if config.ring else {}),
            ),
        )

    def _split_generators(self, dl_manager):
        config = self.builder_config
        turn = frame_turn(config.up, config.front)
        if config.pairing is None:
            config = self._inspected(dl_manager)
        self.info.metadata.update(skipped=config.pairing.skipped)
        return {
            split: self._generate_examples(
                split, pairs, config.voxels, config.views, turn
            )
            for split, pairs in config.pairing.splits.items()
        }

    def _inspected(self, dl_manager) -> ArchiveConfig:
        """The configuration with what the archives hold."""
        given = self.builder_config
        found = inspect_archives(
            given.voxels
            or first_existing(dl_manager.manual_dir, "voxels.zip", "voxels"),
            given.views or first_existing(dl_manager.manual_dir, "views.tar", "views"),
            given.categories,
            given.drop_duplicates,
            given.strict,
            given.up,
            given.front,
            given.channels,
            given.ring,
        )
        for field in ("resolution", "image_size", "num_views"):
            if getattr(given, field) != getattr(found, field):
                raise UserError(
                    f"{found.voxels} and {found.views} have {field} "
                    f"{getattr(found, field)}, but the data set "
                    f"{getattr(given, field)}; name them with vaegan prepare-data"
                )
        return found

    def _generate_examples(
        self, split: str, pairs: list[Pair], voxels, views, turn: Turn
    ):
        with Archive(voxels) as grids, Archive(views) as images:
            for pair in Progress(f"reading {split}", pairs):
                key = "/".join((pair.category, pair.split, pair.name))
                channels = self.builder_config.channels
                seen = [read_view(images, path, channels) for path in pair.views]
                grid, scale = read_grid(grids, pair.voxels)
                grid = turn_grid(grid, turn)
                seen = list(map(encode_view, seen))
                shared = example(pair.name, grid, seen, scale=scale)
                yield key, {**shared, "category": pair.category}
