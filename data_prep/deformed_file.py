"""A packed data set with more training shapes: stretched, and recombined."""

import pathlib
from typing import Any

import numpy as np

from data_prep.deformation import Deformer
from data_prep.parallel import parallel_map
from data_prep.recombination import recombine
from vaegan_jax import packed_data
from vaegan_jax.dataset import Examples, existing
from vaegan_jax.errors import UserError
from vaegan_jax.provenance import read_provenance
from vaegan_jax.shapes import Camera

_SPLIT = "train"
_PARTNERS = 12  # that a shape tries before it stays as it is


def deform_packed(
    data: str | pathlib.Path,
    output: str | pathlib.Path,
    copies: int = 4,
    recombined: int = 0,
    seed: int = 0,
) -> None:
    """Writes a packed file that has more shapes to train on; the rest stays.

    All training shapes come first, as often as makes about a third of what there is
    (with one copy, half): pictures of the copies are drawn from voxels, and look a
    little otherwise than pictures of the shapes. The camera is the one that the file
    records, or else the default one.

    Args:
      data: the packed file, with views.
      output: the `.npz` to write.
      copies: how many of each shape.
      recombined: how many more, with the legs of another shape of the same category.
      seed: of the deformations and the choice of legs, from 0 up.

    Raises:
      UserError: the file is damaged, deformed already, or without square grey views; a
        grid is empty; the output's name or the seed is impossible.
    """
    packed_data.check_name(output)
    if seed < 0:
        raise UserError(f"the seed is {seed}; it must be 0 or more")
    data = existing(data)
    splits, _ = packed_data.contents(data)
    found = {split: packed_data.read_split(data, split) for split in splits}
    if _SPLIT not in found:
        raise UserError(f"{data} has no split {_SPLIT!r}; it has {splits}")
    facts, examples = read_provenance(data), found[_SPLIT]
    if "deformed" in facts:
        raise UserError(f"{data} has deformed copies already; name what they are of")
    for name, grid in zip(examples.names, examples.voxels, strict=True):
        if not grid.any():
            raise UserError(f"{data}: {name} is empty; leave it out")
    deformer = _deformer(data, facts, examples)
    found[_SPLIT] = _extend(examples, copies, recombined, seed, deformer)
    made = {"copies": copies, "recombined": recombined, "seed": seed}
    packed_data.write(output, found, facts | {"deformed": made})


def _deformer(
    data: pathlib.Path, facts: dict[str, Any], examples: Examples
) -> Deformer:
    num_views, height, width, channels = examples.views.shape[1:]
    if height != width or channels != 1:
        raise UserError(
            f"{data} has views of {height} × {width} × {channels}; they must be square "
            "and grey"
        )
    recorded = facts.get("camera") or {}
    try:
        camera = Camera(**recorded | {"num_views": num_views})
    except TypeError as error:
        raise UserError(f"{data} records no known camera: {recorded}") from error
    centred = facts.get("voxelizer", {}).get("centred", True)
    return Deformer(camera, height, centred)


def _extend(
    examples: Examples, copies: int, recombined: int, seed: int, deformer: Deformer
) -> Examples:
    grids = examples.voxels.astype(bool)
    jobs, names = [], []
    for copy in range(copies + recombined):
        new_legs = copy >= copies
        for i, name in enumerate(examples.names):
            key = (seed, copy, i)
            grid = _with_other_legs(examples, grids, key) if new_legs else grids[i]
            jobs.append((grid, key))
            names.append(f"{name}_{'recombined' if new_legs else 'deformed'}_{copy}")
    made = parallel_map(
        deformer, jobs, "deforming", name=lambda job: examples.names[job[1][2]]
    )
    voxels, views = zip(*made, strict=True)
    repeated = max(1, round((copies + recombined) / 2))
    return Examples(
        examples.names * repeated + names,
        np.concatenate([*[examples.voxels] * repeated, np.array(voxels, np.uint8)]),
        np.concatenate([*[examples.views] * repeated, np.array(views)[..., None]]),
        examples.categories * (repeated + copies + recombined),
    )


def _with_other_legs(examples: Examples, grids: np.ndarray, key: tuple[int, int, int]):
    """A shape with the legs of another one, as long as some that are tried fit."""
    i = key[-1]
    partners = np.arange(len(grids))
    if examples.categories:
        partners = np.flatnonzero(np.equal(examples.categories, examples.categories[i]))
    drawn = np.random.default_rng((*key, 1)).choice(partners, _PARTNERS)
    fitting = (recombine(grids[i], grids[partner]) for partner in drawn)
    return next((grid for grid in fitting if grid is not None), grids[i])
