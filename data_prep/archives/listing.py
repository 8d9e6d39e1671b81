"""Which shapes an archive holds: category, split and name, from the paths of files.

ModelNet's layout, `ModelNet10/chair/train/chair_0001.off`; ShapeNet's,
`03001627/<id>/models/model_normalized.obj`; `train/chair/NAME.obj`; `chair/NAME.stl`;
or no folders at all.
"""

import collections
import dataclasses
import pathlib
import re
from collections.abc import Callable, Sequence

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.ignored_files import is_ignored

from .archive import Archive

# Names of files that tell nothing: the shape is called as the folder around them.
_NAMELESS = ("model_normalized", "model", "scene")

# Folders that are called like this or that split.
_SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "val": "validation",
    "valid": "validation",
    "test": "test",
    "testing": "test",
}

# ShapeNet's folders of the thirteen categories of 3D-R2N2.
_SYNSETS = {
    "02691156": "airplane",
    "02828884": "bench",
    "02933112": "cabinet",
    "02958343": "car",
    "03001627": "chair",
    "03211117": "display",
    "03636649": "lamp",
    "03691459": "loudspeaker",
    "04090263": "rifle",
    "04256520": "sofa",
    "04379243": "table",
    "04401088": "telephone",
    "04530566": "watercraft",
}


@dataclasses.dataclass(frozen=True)
class ShapeFile:
    """A shape and the file in an archive that it is made from.

    Attributes:
      category: "" if the path tells none.
      split: None if the path tells none.
      name: of the shape.
      path: in the archive.
      object: shapes of one object stay in one split; None: the shape is one by itself.
      folder: what holds all files of a shape that has several.
    """

    category: str
    split: str | None
    name: str
    path: str
    object: str | None = None
    folder: str | None = None

    @property
    def key(self) -> str:
        """What tells a shape from all others of an archive."""
        return "/".join(part for part in (self.category, self.split, self.name) if part)

    @property
    def place(self) -> str:
        """What people are told that the shape is read from."""
        return self.folder or self.path


@dataclasses.dataclass(frozen=True)
class Listing:
    """The shapes of an archive.

    Attributes:
      files: what they are made from.
      rejected: paths of files that cannot be used, with the reasons.
      ignored: paths of files that nobody meant as shapes; see `is_ignored`.
    """

    files: list[ShapeFile]
    rejected: dict[str, str]
    ignored: list[str]


@dataclasses.dataclass(frozen=True)
class NamedFiles:
    """The files of an archive with certain suffixes.

    Attributes:
      parts: of the path of every one that can be used, by that path.
      rejected, ignored: as of `Listing`.
    """

    parts: dict[str, list[str]]
    rejected: dict[str, str]
    ignored: list[str]


def find_shapes(
    archive: Archive,
    suffixes: tuple[str, ...],
    categories: Sequence[str] = (),
    identify: Callable[[str], ShapeFile] | None = None,
) -> Listing:
    """Finds the shapes of an archive.

    Args:
      archive: where to look.
      suffixes: of the files that hold shapes.
      categories: take only these, by name or ShapeNet number; empty takes all. Files
        whose path tells no category are taken to be of the only one given.
      identify: the shape of a path; default by its folders, as above.

    Raises:
      UserError: if there is no such shape, or none of one of the categories.
    """
    wanted = [known_category(category) for category in categories]
    files, seen = {}, collections.Counter()
    folders = _split_above(archive.path)
    named = list_files(archive, suffixes)
    rejected = named.rejected
    for path, parts in named.parts.items():
        file = (identify or identify_by_folders)("/".join([*folders, *parts]))
        file = dataclasses.replace(file, path=path)
        if not file.category and len(wanted) == 1:
            file = dataclasses.replace(file, category=wanted[0])
        seen[file.category] += 1
        if wanted and file.category not in wanted:
            continue
        if file.key in files:
            rejected[path] = (
                f"{files[file.key].path} is shape {file.key} already; rename one"
            )
            continue
        files[file.key] = file
    absent = [category for category in wanted if not seen[category]]
    if not files or absent:
        raise UserError(_nothing_found(archive, suffixes, absent, seen, named))
    by_key = sorted(files.values(), key=lambda file: file.key)
    return Listing(by_key, rejected, named.ignored)


def list_files(archive: Archive, suffixes: tuple[str, ...]) -> NamedFiles:
    """The files of an archive that end in one of some suffixes."""
    named, rejected, ignored = {}, {}, []
    for path in archive.names(suffixes):
        parts = path.replace("\\", "/").removeprefix("./").split("/")
        if ".." in parts or parts[0] == "" or parts[0].endswith(":"):
            rejected[path] = "its name climbs out of the archive; rename it"
        elif is_ignored(parts):
            ignored.append(path)
        else:
            named[path] = parts
    return NamedFiles(named, rejected | _left_links(archive, suffixes), ignored)


def _left_links(archive: Archive, suffixes: tuple[str, ...]) -> dict[str, str]:
    """One entry for all links of an archive that may be shapes, or folders of them."""
    links = [
        link
        for link in archive.links()
        if link.lower().endswith(suffixes) or not pathlib.PurePosixPath(link).suffix
    ]
    others = f" (and {len(links) - 1} more)" if len(links) > 1 else ""
    reason = f"no file but a link{others}; links in archives are not followed, so pack"
    return {
        link: f"{reason} what they lead to (tar --dereference)" for link in links[:1]
    }


def split_of_folder(name: str) -> str | None:
    """The split that a folder of this name holds, if it is the name of one."""
    return _SPLITS.get(name.lower())


def known_category(name: str) -> str:
    """The name of a category that may be given by ShapeNet's number."""
    return _SYNSETS.get(name, name)


def config_name(categories: Sequence[str]) -> str:
    """What the configuration of a data set of these categories is called."""
    return re.sub(r"[^\w-]+", "_", "_".join(categories)) or "all"


def shapes_name(
    categories: Sequence[str], resolution: int, image_size: int = 0, channels: int = 1
) -> str:
    """What a data set of so many voxels and pixels a side is called; 0: no views."""
    views = f"_v{image_size}" if image_size else ""
    colour = "_rgb" if image_size and channels == 3 else ""
    return f"{config_name(categories)}_r{resolution}{views}{colour}"


def identify_by_folders(path: str) -> ShapeFile:
    """The shape of a path in one of the layouts above."""
    *folders, file = path.split("/")
    name = pathlib.PurePosixPath(file).stem
    if folders and folders[-1] == "models":
        folders.pop()
    if folders and name in _NAMELESS:
        name = folders.pop()
    category, split = (folders[-1] if folders else ""), None
    for i, folder in enumerate(folders):
        if split_of_folder(folder):
            split = split_of_folder(folder)
            around = [*folders[i + 1 : i + 2], *folders[:i][-1:], ""]
            category = around[0]
    return ShapeFile(known_category(category), split, name, path)


def _split_above(path: pathlib.Path) -> list[str]:
    """The folder's own name if it is that of a split: `--input=…/chair/train`."""
    return [path.name] if path.is_dir() and split_of_folder(path.name) else []


def _nothing_found(archive: Archive, suffixes, absent, seen, named) -> str:
    if seen:
        return (
            f"{archive.path} holds no shape of category {' or '.join(absent)}; it has "
            + ", ".join(sorted(category or "no category" for category in seen))
        )
    if named.rejected:
        path, reason = next(iter(named.rejected.items()))
        return f"{archive.describe(path)}: {reason}"
    if named.ignored:
        return (
            f"{archive.describe(named.ignored[0])} and all other {', '.join(suffixes)} "
            "files are hidden or a system's own; rename what you mean"
        )
    kinds = collections.Counter(
        pathlib.PurePosixPath(name).suffix or "no suffix" for name in archive.names("")
    )
    found = ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common(5))
    return (
        f"{archive.path} holds no {', '.join(suffixes)} file"
        f"{f', only {found}' if found else ': it is empty'}"
    )
