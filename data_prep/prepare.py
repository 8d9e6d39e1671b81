"""Makes data sets on disk; the functions behind `scripts/prepare_data.py`."""

import os
import pathlib
from collections.abc import Sequence

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.cache import writing_to_cache
from vaegan_jax.runtime.paths import absolute
from vaegan_jax.shapes.orientation import frame_turn

from .archives import modelnet
from .archives.listing import config_name, shapes_name
from .building import shape_builder, tfds_tools
from .mesh_folder import mesh_folder_dataset_builder as mesh_folder
from .procedural_chairs import procedural_chairs_dataset_builder as chairs
from .procedural_furniture import procedural_furniture_dataset_builder as furniture
from .r2n2_renders import r2n2_renders_dataset_builder as r2n2
from .volumetric_grids import (
    volumetric_grids_dataset_builder as volumetric_grids,
)
from .voxel_view_archive import voxel_view_archive_dataset_builder as archive


def prepare_procedural(
    data_dir: str | os.PathLike | None = None,
    resolution: int = 32,
    image_size: int = 64,
    cameras: str = "ring",
) -> pathlib.Path:
    """The directory of the procedural chairs, made first if they are not there.

    Args:
      data_dir: the folder that holds data sets; default the cache.
      resolution: voxels along each axis.
      image_size: pixels along each side of a view.
      cameras: "ring", or the kind of `RandomCameras`.

    Raises:
      UserError: for a resolution or image size that there is no configuration for,
        or a cache that cannot be written to.
    """
    name = f"r{resolution}_v{image_size}"
    known = [config.name for config in chairs.Builder.BUILDER_CONFIGS]
    if name not in known:
        raise UserError(
            f"The procedural chairs come with a resolution of 32 or 64 and an image "
            f"size of 64, 128 or 224, not {resolution} and {image_size}."
        )
    if data_dir is None:
        with writing_to_cache() as cache:
            return prepare_procedural(cache, resolution, image_size, cameras)
    config: chairs.ChairsConfig | str = name  # a known one has to be named
    if cameras != "ring":
        config = chairs.configuration(resolution, image_size, cameras)
    builder = chairs.Builder(config=config, data_dir=_folder(data_dir))
    return tfds_tools.build(builder)


def prepare_furniture(output: str | os.PathLike, **settings) -> pathlib.Path:
    """The directory of a data set of parametric furniture, made if it is not there.

    Args:
      output: the folder that is to hold the data set.
      **settings: of `furniture.FurnitureConfig`.

    Raises:
      UserError: a setting is impossible, or the output holds another data set.
    """
    config = furniture.FurnitureConfig("", **settings)
    config.name = furniture.name_of(config)
    config.description = f"{config.resolution}³ voxels of furniture, and views."
    furniture.split_indices(config)  # before anything is written
    builder = furniture.Builder(config=config, data_dir=_folder(output))
    tfds_tools.check_alone(builder)
    target = tfds_tools.build(builder)
    tfds_tools.check_same(target, builder.facts())
    return target


def prepare_archive(
    voxels: str | os.PathLike,
    views: str | os.PathLike,
    output: str | os.PathLike,
    categories: Sequence[str] = (),
    drop_duplicates: bool = False,
    strict: bool = False,
    up: str | None = None,
    front: str | None = None,
    channels: int = 1,
    ring: bool = False,
) -> pathlib.Path:
    """The directory of a data set made from binvox grids and view images.

    What was paired, every name that lacks a partner and every file that cannot be used
    is written to `pairing.txt` in that directory.

    Args:
      voxels: zip, tar or folder of `<category>/<split>/<NAME>.binvox`.
      views: tar, zip or folder of `<category>/<split>/<NAME>_001.png` and so on.
      output: the folder that is to hold the data set.
      categories: take only these; empty takes all.
      drop_duplicates: keep only one of identical grids.
      strict: stop at a file that cannot be used, instead of leaving the shape out.
      up, front: the frame of the grids, as `orientation.frame_turn` takes it.
      channels: of the views: 1, grey, or 3, the images' own colours.
      ring: whether the images are known to be from the default `Camera`.

    Raises:
      FileNotFoundError: if there is no such file or folder.
      UserError: if nothing can be used or pairs up (in strict mode: if a file cannot
        be used), the front looks up or down, or the output holds a data set of other
        archives.
    """
    frame_turn(up, front)  # before hours of reading
    config = archive.inspect_archives(
        _absolute(voxels),
        _absolute(views),
        categories,
        drop_duplicates,
        strict,
        up,
        front,
        channels,
        ring,
    )
    builder = archive.Builder(config=config, data_dir=_folder(output))
    tfds_tools.check_alone(builder)
    target = tfds_tools.build(builder)
    stored = tfds_tools.stored_metadata(target)
    wanted = {
        **{name: getattr(config, name) for name in ("voxels", "views", "listing")},
        "categories": list(config.categories),
        **{n: getattr(config, n) for n in ("drop_duplicates", "up", "front", "camera")},
    }
    for field, value in wanted.items():
        if stored.get(field) != value:
            raise UserError(
                f"{target} holds a data set with {field} = {stored.get(field)}; "
                "choose another output or delete it."
            )
    (target / "pairing.txt").write_text(config.pairing.report(), encoding="utf-8")
    return target


def prepare_meshes(
    input: str | os.PathLike,
    output: str | os.PathLike,
    categories: Sequence[str] = (),
    **settings,
) -> pathlib.Path:
    """The directory of a data set made from meshes; an interrupted run is continued.

    What became of every file is written to `report.txt` in that directory.

    Args:
      input: zip, tar or folder of meshes.
      output: the folder that is to hold the data set.
      categories: take only these; default all.
      **settings: of `mesh_folder.MeshFolderConfig`.

    Raises:
      FileNotFoundError: if there is no such input.
      UserError: if no file can be used (in strict mode: if one cannot be), or the
        output holds another data set.
    """
    config = mesh_folder.MeshFolderConfig(
        "", input=_absolute(input), categories=tuple(categories), **settings
    )
    size = config.image_size if config.camera else 0
    config.name = shapes_name(categories, config.resolution, size, config.channels)
    config.description = f"{config.resolution}³ voxels made from meshes."
    builder = mesh_folder.Builder(config=config, data_dir=_folder(output))
    return shape_builder.prepare(builder)


def prepare_modelnet(
    output: str | os.PathLike | None = None,
    categories: Sequence[str] = ("chair",),
    version: int = 10,
    url: str | None = None,
    sha256: str | None = None,
    **settings,
) -> pathlib.Path:
    """The directory of a data set made from ModelNet, downloaded if need be.

    As `prepare_meshes`, but for these.

    Args:
      output: default `data/modelnet10_chair` or the like.
      categories: take only these; empty takes all.
      version: of ModelNet, 10 or 40.
      url, sha256: another place of the archive, and its checksum.
    """
    with writing_to_cache() as cache:
        downloads = cache / "downloads"
        path, origin = modelnet.fetch_modelnet(downloads, version, url, sha256)
    output = output or f"data/modelnet{version}_{config_name(categories)}"
    return prepare_meshes(path, output, categories, origin=origin, **settings)


def prepare_r2n2(
    voxels: str | os.PathLike,
    views: str | os.PathLike,
    output: str | os.PathLike,
    splits: str | os.PathLike | None = None,
    categories: Sequence[str] = (),
    **settings,
) -> pathlib.Path:
    """The directory of ShapeNet as 3D-R2N2 rendered and voxelised it.

    As `prepare_meshes`, but for these. Archives are read where they are, in order.

    Args:
      voxels: `ShapeNetVox32.tgz`, another archive or a folder.
      views: `ShapeNetRendering.tgz` or the like.
      output: the folder that is to hold the data set.
      splits: a file like `ShapeNet.json`; without it splits are drawn by the seed.
      categories: take only these, by name or ShapeNet number; empty or "all" takes
        all.
      **settings: `channels` of `R2n2RendersConfig`, and `seed`, `drop_duplicates` and
        `strict`, as of `ShapesConfig`.
    """
    config = r2n2.inspect_archives(
        _absolute(voxels),
        _absolute(views),
        None if splits is None else _absolute(splits),
        categories=tuple(kind for kind in categories if kind != "all"),
        **settings,
    )
    config.name = shapes_name(
        config.categories, config.resolution, config.image_size, config.channels
    )
    config.description = "3D-R2N2's grids and renders, with the cameras."
    return shape_builder.prepare(r2n2.Builder(config=config, data_dir=_folder(output)))


def prepare_volumetric(
    input: str | os.PathLike,
    output: str | os.PathLike,
    categories: Sequence[str] = (),
    **settings,
) -> pathlib.Path:
    """The directory of a voxel-only data set made from 3D ShapeNets' MATLAB files.

    As `prepare_meshes`, but for the settings: of
    `volumetric_grids.VolumetricGridsConfig`.
    """
    config = volumetric_grids.VolumetricGridsConfig(
        "", input=_absolute(input), categories=tuple(categories), **settings
    )
    config.name = shapes_name(categories, config.resolution)
    config.description = f"Voxel grids padded to {config.resolution}³."
    builder = volumetric_grids.Builder(config=config, data_dir=_folder(output))
    return shape_builder.prepare(builder)


def _absolute(path: str | os.PathLike) -> str:
    return absolute(os.fspath(path))


def _folder(output: str | os.PathLike) -> str:
    """The absolute path of a folder that is there or can be made."""
    path = pathlib.Path(_absolute(output))
    there = next(place for place in (path, *path.parents) if place.exists())
    if not there.is_dir():
        raise UserError(f"{there} is a file, not a folder; choose another --output")
    return str(path)
