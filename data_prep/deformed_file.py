"""A packed data set with deformed copies of its training shapes."""

import pathlib

import numpy as np

from data_prep.deformation import Deformer
from data_prep.parallel import parallel_map
from vaegan_jax import packed_data
from vaegan_jax.dataset import Examples, existing
from vaegan_jax.errors import UserError
from vaegan_jax.provenance import read_provenance
from vaegan_jax.shapes import Camera


def deform_packed(
    data: str | pathlib.Path,
    output: str | pathlib.Path,
    copies: int = 4,
    seed: int = 0,
    split: str = "train",
) -> None:
    """Writes a packed file that has more shapes to train on; the rest stays.

    Every shape of the split is followed by its deformed copies. It stands there more
    than once itself, so that a third of the split is as it was: pictures of the copies
    are drawn from voxels, and look a little otherwise than pictures of the shapes. The
    camera is the one that the file records, or else the default one.

    Args:
      data: the packed file, with views.
      output: the `.npz` to write.
      copies: how many of each shape.
      seed: of the deformations.
      split: what to add to.

    Raises:
      UserError: a name does not fit, the file is damaged or has no views, or a grid is
        empty.
    """
    packed_data.check_name(output)
    data = existing(data)
    splits, _ = packed_data.contents(data)
    found = {name: packed_data.read_split(data, name) for name in {*splits, split}}
    examples = found[split]
    facts = read_provenance(data)
    num_views, image_size = examples.views.shape[1:3]
    camera = Camera(**(facts.get("camera") or {}) | {"num_views": num_views})
    deformer = Deformer(camera, image_size, facts.get("centred", True))
    for name, grid in zip(examples.names, examples.voxels, strict=True):
        if not grid.any():
            raise UserError(f"{data}: {name} is empty; leave it out")
    found[split] = _extend(examples, copies, seed, deformer)
    how = {"copies": copies, "seed": seed, "split": split}
    packed_data.write(output, found, facts | {"deformed": how})


def _extend(examples: Examples, copies: int, seed: int, deformer: Deformer) -> Examples:
    grids = examples.voxels.astype(bool)
    jobs = [
        (grids[i], (seed, copy, i)) for copy in range(copies) for i in range(len(grids))
    ]
    made = list(parallel_map(deformer, jobs, "deforming", name=lambda job: str(job[1])))
    repeated = max(1, round(copies / 2))
    times = repeated + copies
    names = [f"{name}_deformed_{c}" for c in range(copies) for name in examples.names]
    return Examples(
        examples.names * repeated + names,
        np.concatenate(
            [*[examples.voxels] * repeated, np.array([m[0] for m in made], np.uint8)]
        ),
        np.concatenate(
            [*[examples.views] * repeated, np.array([m[1] for m in made])[..., None]]
        ),
        examples.categories * times,
    )
