"""A data set in one file: bit-packed voxels and uint8 views. Needs no TensorFlow.

The `.npz` holds, for every split: `SPLIT/names` (n), `SPLIT/voxels` (n, ⌈r³/8⌉) packed
by `numpy.packbits`, `SPLIT/views` (n, v, h, w, c; v is 0 if the data set has none) and
`SPLIT/categories` (n, or 0 if the data set tells none), perhaps `SPLIT/targets`
(n, r, r, r), `SPLIT/cameras` (n, v, 4) and `SPLIT/scales` (n), and once `resolution`
and, as JSON, `metadata`: how the data set was made.
It is not compressed, so voxels, views and targets can be read from it row by row. What
is read whole is moved to the device whole, and batches are gathered there.
"""

import contextlib
import functools
import json
import math
import pathlib
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from vaegan_jax.data.examples import Examples, Stored, missing_views, no_views
from vaegan_jax.data.order import index_stream
from vaegan_jax.data.view_cameras import (
    checked_cameras,
    known_scales,
    recorded_cameras,
)
from vaegan_jax.distributed.sharding import (
    by_batch,
    device_mesh,
    on_all,
    place,
    process_rows,
)
from vaegan_jax.errors import UserError
from vaegan_jax.runtime.npz_files import stored_items, stored_shape, write_npz
from vaegan_jax.runtime.stored import StoredArray, Streamed, parts

# What numpy raises for files that are cut, garbled, of another kind or not ours.
_DAMAGED = (
    *(OSError, EOFError, LookupError, zipfile.BadZipFile, zlib.error),
    *(ValueError, TypeError, AttributeError, MemoryError, RecursionError),
)


def check_name(output: str | pathlib.Path) -> None:
    """Raises a `UserError` unless a packed file may be called so."""
    if pathlib.Path(output).suffix != ".npz":
        raise UserError(f"the packed file {output} must have a name that ends in .npz")


def write(
    output: str | pathlib.Path, splits: dict[str, Examples], facts: dict[str, Any]
) -> None:
    """Writes a packed file.

    Args:
      output: its name; see `check_name`.
      splits: what it is to hold.
      facts: how the data set was made.

    Raises:
      UserError: it cannot be read again.
    """
    arrays = {"metadata": np.array(json.dumps(facts))}
    for split, examples in splits.items():
        count, resolution = len(examples), examples.voxels.shape[-1]
        arrays["resolution"] = np.array(resolution)
        arrays[f"{split}/names"] = np.array(examples.names)
        arrays[f"{split}/voxels"] = Streamed(
            (count, _packed_size(resolution)),
            np.dtype(np.uint8),
            (
                np.packbits(p.reshape(len(p), -1), axis=1)
                for p in parts(examples.voxels)
            ),
        )
        arrays[f"{split}/views"] = _streamed(examples.views)
        arrays[f"{split}/categories"] = np.array(examples.categories, str)
        if examples.targets is not None:
            arrays[f"{split}/targets"] = _streamed(examples.targets)
        if examples.cameras is not None:
            arrays[f"{split}/cameras"] = np.float32(examples.cameras)
        if examples.scales is not None:
            arrays[f"{split}/scales"] = np.float32(examples.scales)
    output = pathlib.Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    write_npz(output, arrays)


def _streamed(array: Stored) -> Streamed:
    return Streamed(array.shape, array.dtype, parts(array))


def _packed_size(resolution: int) -> int:
    """Bytes of a grid in bits."""
    return math.ceil(resolution**3 / 8)


def read_split(
    path: pathlib.Path,
    split: str,
    with_views: bool = True,
    with_targets: bool = False,
) -> Examples:
    """`open_split`, read into memory."""
    return open_split(path, split, with_views, with_targets).read()


def open_split(
    path: pathlib.Path,
    split: str,
    with_views: bool = True,
    with_targets: bool = False,
) -> Examples:
    """One split of a packed file, whose large arrays stay in it until they are indexed.

    All bytes of what is asked for are checked once; the rest takes no time.

    Raises:
      UserError: the file is damaged or has no such split or views.
    """
    with _reading(path) as file:
        splits = _splits(file)
        if split not in splits:
            raise UserError(f"{path} has no split {split!r}; it has {splits}")
        names = [str(name) for name in file[f"{split}/names"]]
        stored = lambda name, axes: _stored(path, file, f"{split}/{name}", axes)  # noqa: E731
        voxels = _unpacked(stored("voxels", 1), int(file["resolution"]))
        views = stored("views", 2) if with_views else no_views(len(names))
        if with_views and not views.shape[1]:
            raise UserError(missing_views(path))
        has_targets = with_targets and f"{split}/targets" in file
        targets = stored("targets", 1) if has_targets else None
        if {len(names), len(views)} != {len(voxels)} or views.ndim != 5:
            raise ValueError(f"{views.shape} are no views of the {voxels.shape}")
        if targets is not None and targets.shape != voxels.shape:
            raise ValueError(f"{targets.shape} are no targets of the {voxels.shape}")
        return Examples(
            names,
            voxels,
            views,
            [str(category) for category in file.get(f"{split}/categories", ())],
            targets,
            _cameras(file, split, names, views.shape[1]),
            known_scales(file.get(f"{split}/scales"), len(names)),
        )


def _stored(path: pathlib.Path, file, name: str, axes: int) -> StoredArray:
    items, counts = stored_items(file.zip, name, axes, _damaged(path))
    if items.dtype != np.uint8:
        raise ValueError(f"{name} is {items.dtype}")
    return StoredArray(items, np.arange(math.prod(counts)).reshape(counts))


def _unpacked(bits: StoredArray, resolution: int) -> StoredArray:
    """Grids, of rows of bits."""
    # What the file claims may be more than it holds, and more than memory does.
    if bits.shape[1:] != (_packed_size(resolution),):
        raise ValueError(f"{bits.shape} is no grid of {resolution}³ in bits")
    grid = (resolution,) * 3

    def unpack(rows: np.ndarray) -> np.ndarray:
        return np.unpackbits(rows, axis=1, count=resolution**3).reshape(-1, *grid)

    return bits.mapped(unpack)


def _cameras(file, split: str, names: list[str], num_views: int):
    stored = file.get(f"{split}/cameras")
    if stored is None or not num_views:
        facts = json.loads(str(file.get("metadata", "{}")))
        return recorded_cameras(facts, names, num_views)
    if stored.shape != (len(names), num_views, 4) or stored.dtype != np.float32:
        raise ValueError(f"{stored.shape} {stored.dtype} are no cameras of the views")
    return checked_cameras(stored)


def contents(path: pathlib.Path) -> tuple[list[str], bool]:
    """The splits of a packed file, and whether it holds views.

    Raises:
      UserError: the file is damaged.
    """
    with _reading(path) as file:
        splits = _splits(file)
        shapes = [stored_shape(file.zip, f"{split}/views") for split in splits[:1]]
        return splits, any(map(math.prod, shapes))


def _splits(file) -> list[str]:
    return [key.split("/")[0] for key in file.files if key.endswith("/names")]


@contextlib.contextmanager
def _reading(path: pathlib.Path):
    """The open file; whatever goes wrong with it is a `UserError`."""
    try:
        with np.load(path, allow_pickle=False) as file:
            # `pack` does not compress, and a small file could claim any size.
            if any(member.compress_type for member in file.zip.infolist()):
                raise UserError(
                    f"{path} is compressed, so its shapes cannot be read one by one; "
                    "make it again with vaegan prepare-data pack, which does not "
                    "compress, or save it with numpy.savez"
                )
            yield file
    except (UserError, PermissionError):
        raise
    except _DAMAGED as error:
        raise UserError(_damaged(path)) from error


def _damaged(path: pathlib.Path) -> str:
    return (
        f"{path} is not a packed data set or is damaged; make it again with "
        "vaegan prepare-data pack"
    )


def device_batches(
    examples: Examples,
    batch_size: int,
    num_views: int,
    seed: int,
    start_step: int,
    mesh: Mesh | None = None,
    in_order: bool = False,
) -> Iterator[dict[str, jax.Array]]:
    """Training batches from `start_step` on, which each device gathers for itself.

    Every device of the mesh, without one the first alone, holds all examples.

    Yields:
      uint8 `voxels` (b, x, y, z), unless `num_views` is 0 `views` (b, v, h, w, c);
      `targets` like the voxels and `cameras` (b, v, 4) of the views if the examples
      have them.
    """
    grid = examples.voxels.shape[1:]
    flat = examples.voxels.reshape(len(examples), -1)
    stored = {"voxels": np.packbits(flat, axis=1)}
    if num_views:
        stored["views"] = examples.views
        if examples.cameras is not None:
            stored["cameras"] = examples.cameras
    if examples.targets is not None:
        stored["targets"] = examples.targets
    mesh = mesh or device_mesh(jax.local_devices()[:1])
    stored, split = place(stored, on_all(mesh)), by_batch(mesh)

    @functools.partial(jax.jit, out_shardings=split)
    def gather(stored, index, chosen):
        bits = jnp.unpackbits(stored["voxels"][index], axis=1)
        size = grid[0] * grid[1] * grid[2]
        batch = {"voxels": bits[:, :size].reshape(-1, *grid)}
        for name in ("views", "cameras"):
            if name in stored:
                batch[name] = stored[name][index[:, None], chosen]
        if "targets" in stored:
            batch["targets"] = stored["targets"][index]
        return batch

    rows = process_rows(batch_size, mesh)
    for indices in index_stream(
        examples, batch_size, num_views, seed, start_step, rows, in_order
    ):
        yield gather(stored, *place(indices, split))
