"""Binvox grids and view images that somebody else has made, paired by name."""

import contextlib
import dataclasses
import hashlib
import io
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds
import tqdm
from absl import logging
from jaxtyping import Bool
from PIL import Image

from data_prep import tfds_tools
from data_prep.archives import Archive
from data_prep.examples import encode_view, example
from data_prep.voxel_view_archive.pairing import Pair, Pairing, pair_archives
from vaegan_jax.errors import UserError
from vaegan_jax.shapes import read_binvox
from vaegan_jax.shapes.view_files import PICTURE_FORMATS


@dataclasses.dataclass
class ArchiveConfig(tfds.core.BuilderConfig):
    """Where the grids and images are, and what they hold.

    Attributes:
      voxels: zip, tar or folder of binvox files; default `voxels.zip` or `voxels` in
        the manual download folder.
      views: tar, zip or folder of images; default `views.tar` or `views` there.
      category: take only this one; default all.
      drop_duplicates: keep only one of identical grids.
      listing: tells whether the files are still those that were paired.
      resolution, image_size, num_views: of every grid, image and shape.
    """

    voxels: str | None = None
    views: str | None = None
    category: str | None = None
    drop_duplicates: bool = False
    listing: str = ""
    resolution: int = 32
    image_size: int = 224
    num_views: int = 12


def inspect_archives(
    voxels: str,
    views: str,
    category: str | None = None,
    drop_duplicates: bool = False,
) -> tuple[ArchiveConfig, Pairing]:
    """The configuration that fits two archives, and how their files pair up.

    Raises:
      FileNotFoundError: if there is no such file or folder.
      UserError: if they cannot be read or nothing pairs up.
    """
    with Archive(voxels) as grids, Archive(views) as images:
        pairing = pair_shapes(grids, images, category, drop_duplicates)
        first = next(iter(pairing.splits.values()))[0]
        resolution = len(read_grid(grids, first.voxels))
        image_size = read_view(images, first.views[0]).shape[0]
        listing = _fingerprint(pairing, grids, images)
    config = ArchiveConfig(
        name=f"{category or 'all'}_r{resolution}_v{image_size}",
        description=f"{resolution}³ voxels and {image_size}² views from archives.",
        voxels=str(voxels),
        views=str(views),
        category=category,
        drop_duplicates=drop_duplicates,
        listing=listing,
        resolution=resolution,
        image_size=image_size,
        num_views=pairing.num_views,
    )
    return config, pairing


def pair_shapes(
    grids: Archive, images: Archive, category: str | None, drop_duplicates: bool
) -> Pairing:
    """Pairs by name, and finds identical grids; for the rest see `inspect_archives`."""
    pairing = pair_archives(grids, images, category)
    digests = {
        pair.voxels: hashlib.sha256(np.packbits(read_grid(grids, pair.voxels)))
        for pairs in pairing.splits.values()
        for pair in pairs
    }
    hexadecimal = {path: digest.hexdigest() for path, digest in digests.items()}
    return pairing.with_duplicates(hexadecimal, drop_duplicates)


def _fingerprint(pairing: Pairing, grids: Archive, images: Archive) -> str:
    pairs = [pair for pairs in pairing.splits.values() for pair in pairs]
    facts = [grids.fingerprint(pair.voxels) for pair in pairs]
    facts += [images.fingerprint(view) for pair in pairs for view in pair.views]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


class Builder(tfds.core.GeneratorBasedBuilder):
    """Shapes from an archive of binvox grids and one of view images."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Put the grids into the manual download folder as `voxels.zip` or a folder `voxels`
    (chair/train/NAME.binvox) and the images as `views.tar` or a folder `views`
    (chair/train/NAME_001.png), or name both with
    `python scripts/prepare_data.py archive --voxels=… --views=… --output=…`.
    """
    BUILDER_CONFIGS: ClassVar = [
        ArchiveConfig(name="r32_v224", description="32³ voxels, 12 views of 224².")
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        config = self.builder_config
        shared = tfds_tools.features(
            config.resolution, config.image_size, config.num_views
        )
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {**shared, "category": tfds.features.Text()}
            ),
            metadata=tfds_tools.metadata(
                source="voxel_view_archive",
                voxels=config.voxels,
                views=config.views,
                category=config.category,
                drop_duplicates=config.drop_duplicates,
                listing=config.listing,
            ),
        )

    def _split_generators(self, dl_manager):
        config = self.builder_config
        voxels, views = config.voxels, config.views
        if voxels is None or views is None:
            manual = dl_manager.manual_dir
            voxels = voxels or _first_existing(manual, "voxels.zip", "voxels")
            views = views or _first_existing(manual, "views.tar", "views")
        with Archive(voxels) as grids, Archive(views) as images:
            pairing = pair_shapes(
                grids, images, config.category, config.drop_duplicates
            )
        for line in pairing.report().splitlines():
            logging.info(line)
        return {
            split: self._generate_examples(split, pairs, voxels, views)
            for split, pairs in pairing.splits.items()
        }

    def _generate_examples(self, split: str, pairs: list[Pair], voxels, views):
        with Archive(voxels) as grids, Archive(views) as images:
            for pair in tqdm.tqdm(pairs, f"reading {split}"):
                key = "/".join((pair.category, pair.split, pair.name))
                yield key, self._example(pair, grids, images)

    def _example(self, pair: Pair, grids: Archive, images: Archive) -> dict:
        config = self.builder_config
        grid = read_grid(grids, pair.voxels)
        if len(grid) != config.resolution:
            raise UserError(
                f"{grids.describe(pair.voxels)} has {len(grid)} voxels a side, but the "
                f"data set has {config.resolution}; use grids of one resolution."
            )
        views = []
        for path in pair.views:
            view = read_view(images, path)
            if view.shape != (config.image_size, config.image_size):
                raise UserError(
                    f"{images.describe(path)} is {view.shape[1]}×{view.shape[0]} "
                    f"pixels, but the data set has {config.image_size}×"
                    f"{config.image_size}; use square images of one size."
                )
            views.append(encode_view(view))
        return {**example(pair.name, grid, views), "category": pair.category}


def read_grid(archive: Archive, name: str) -> Bool[np.ndarray, "x y z"]:
    """A grid from an archive; ValueError names the file if it is damaged."""
    return read_binvox(archive.read(name), archive.describe(name))


def read_view(archive: Archive, name: str) -> np.ndarray:
    """A grey image (h, w) uint8 from an archive, transparency becoming white.

    Raises:
      UserError: if the file is no image or a damaged one.
    """
    try:
        content = io.BytesIO(archive.read(name))
        with Image.open(content, formats=PICTURE_FORMATS) as image:
            if image.mode in ("RGBA", "LA", "P", "PA"):
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image)
            return np.asarray(image.convert("L"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(
            f"{archive.describe(name)}: not a whole PNG image ({error})."
        ) from error


def _first_existing(folder, *names: str) -> str:
    for name in names:
        with contextlib.suppress(OSError):
            if (folder / name).exists():
                return str(folder / name)
    raise FileNotFoundError(f"{folder}: holds neither {' nor '.join(names)}.")
