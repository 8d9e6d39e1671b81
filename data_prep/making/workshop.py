"""From files to voxels and views, in many processes; what is made survives a break.

This module is loaded in every worker process, so it imports no TensorFlow.
"""

import dataclasses
import functools
import hashlib
import importlib.metadata
import math
import operator
import os
import pathlib
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.copies import digest, mirror_digest

from ..archives.archive import Archive, open_once
from ..archives.listing import ShapeFile
from .parallel import parallel_map

Voxels = Bool[np.ndarray, "x y z"]


class Shape(NamedTuple):
    """What is made of a file: voxels, views as PNG, and their cameras if each has one.

    Of a data set whose views are all from one ring, that is recorded instead. The scale
    is as of `Examples`, NaN if it is not known.
    """

    voxels: Voxels
    views: list[bytes]
    cameras: Float[np.ndarray, "v 4"] | None = None
    scale: float = math.nan


Maker = Callable[[Archive, ShapeFile, bytes], Shape]

_UNCACHED = ".gltf"  # depends on other files than itself
# What numpy raises for a file that a crash left empty or cut.
_DAMAGE = (OSError, EOFError, ValueError, LookupError, zipfile.BadZipFile, zlib.error)


@dataclasses.dataclass(frozen=True)
class Made:
    """What became of a file: a shape in the work folder, or the reason why not.

    Attributes:
      file: the shape and its file.
      stored: where its voxels and views are.
      digest, mirror_digest: of its voxels, see `copies`.
      error: why it cannot be used, or "".
    """

    file: ShapeFile
    stored: pathlib.Path | None = None
    digest: str = ""
    mirror_digest: str = ""
    error: str = ""

    def load(self) -> Shape:
        """The shape."""
        return _load(self.stored)


@dataclasses.dataclass(frozen=True)
class Workshop:
    """Makes one shape and stores it under the hash of all that it was made from.

    Attributes:
      archive: path of the archive.
      folder: where made shapes are stored.
      make: picklable; its `repr` names everything that its result depends on beside
        the file, for what an interrupted run has made is used again. If it reads other
        files, `make.inputs(archive, file)` tells what they are.
    """

    archive: pathlib.Path
    folder: pathlib.Path
    make: Maker

    def __call__(self, file: ShapeFile) -> Made:
        archive = open_once(self.archive)
        try:
            content = archive.read(file.path)
            stored = self._place(file, content)
            made = None if is_uncached(file) else _load_whole(stored)
            fresh = made is None
            if fresh:
                made = self.make(archive, file, content)
        except MemoryError as error:  # no fault of the file, which others might hold
            raise UserError(
                f"{archive.describe(file.place)}: memory ran out ({error}); close "
                "other programs, choose a lower resolution or leave this one out"
            ) from error
        except UserError as error:
            reason = str(error).removeprefix(f"{archive.describe(file.place)}: ")
            return Made(file, error=reason)
        except Exception as error:  # one odd file must not end the work on thousands
            return Made(file, error=f"unexpectedly, {type(error).__name__}: {error}")
        if fresh:  # not above: a full disk is no fault of the file
            _store(stored, made)
        return Made(file, stored, digest(made.voxels), mirror_digest(made.voxels))

    def _place(self, file: ShapeFile, content: bytes) -> pathlib.Path:
        recipe = f"{self.make!r} {_versions()}".encode()
        # Two files may be alike, but not what they refer to.
        recipe += file.path.encode(errors="surrogateescape")
        if hasattr(self.make, "inputs"):  # what it reads beside the file
            recipe += repr(self.make.inputs(open_once(self.archive), file)).encode()
        return self.folder / f"{hashlib.sha256(recipe + content).hexdigest()}.npz"


def make_all(
    workshop: Workshop, files: Sequence[ShapeFile], strict: bool
) -> tuple[list[Made], dict[str, str]]:
    """Makes all shapes.

    Returns:
      Those that could be made, in the order of the files, and of the others the place
      and the reason.

    Raises:
      UserError: in strict mode, for the first file that cannot be used; if none can.
    """
    workshop.folder.mkdir(parents=True, exist_ok=True)
    with Archive(workshop.archive) as archive:
        files = sorted(files, key=lambda file: archive.position(file.path))
        describe = archive.describe
    made, skipped = [], {}
    name = operator.attrgetter("place")
    for result in parallel_map(workshop, files, "making shapes", name=name):
        if not result.error:
            made.append(result)
            continue
        skipped[result.file.place] = result.error
        if strict:
            raise UserError(f"{describe(result.file.place)}: {result.error}")
    if not made:
        path, reason = next(iter(skipped.items()))
        others = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
        raise UserError(f"no file can be used: {describe(path)}: {reason}{others}")
    return sorted(made, key=lambda result: result.file.key), skipped


def is_uncached(file: ShapeFile) -> bool:
    """Whether a shape depends on other files than its own."""
    return file.path.lower().endswith(_UNCACHED)


def _load_whole(path: pathlib.Path) -> Shape | None:
    """What is stored, or None if that is nothing or damaged."""
    try:
        return _load(path)
    except _DAMAGE:
        return None


def _store(path: pathlib.Path, shape: Shape) -> None:
    partial = path.with_suffix(f".{os.getpid()}.partial")
    arrays = {} if shape.cameras is None else {"cameras": shape.cameras}
    with partial.open("wb") as file:
        np.savez(
            file,
            side=len(shape.voxels),
            voxels=np.packbits(shape.voxels),
            lengths=np.array([len(view) for view in shape.views], int),
            views=np.frombuffer(b"".join(shape.views), np.uint8),
            scale=shape.scale,
            **arrays,
        )
    os.replace(partial, path)


def _load(path: pathlib.Path) -> Shape:
    with path.open("rb") as file, np.load(file) as stored:
        side, lengths = int(stored["side"]), stored["lengths"]
        bits = np.unpackbits(stored["voxels"], count=side**3)
        joined, cameras = stored["views"].tobytes(), stored.get("cameras")
        scale = float(stored["scale"])
    ends = np.cumsum(lengths)
    views = [joined[end - n : end] for end, n in zip(ends, lengths, strict=True)]
    return Shape(bits.reshape(side, side, side).astype(bool), views, cameras, scale)


@functools.cache
def _versions() -> str:
    packages = ("vaegan_jax", "numpy", "scipy", "trimesh", "manifold3d", "pillow")
    return " ".join(importlib.metadata.version(package) for package in packages)
