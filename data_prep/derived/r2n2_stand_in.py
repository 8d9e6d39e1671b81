"""Parametric chairs in the layout of 3D-R2N2's archives, which need an account.

Whatever reads those can be tried on them, from files to the report.
"""

import dataclasses
import json
import pathlib
from collections.abc import Sequence

import numpy as np
import trimesh
from PIL import Image

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.frames import scale_of_box
from vaegan_jax.shapes.orientation import frame_turn, turn_grid
from vaegan_jax.shapes.random_cameras import RandomCameras
from vaegan_jax.shapes.render import BACKGROUND, render_from
from vaegan_jax.shapes.voxel_files import write_binvox
from vaegan_jax.shapes.voxelize import voxelize

from ..making.parallel import parallel_map
from ..procedural_chairs.chairs import build_chair
from ..procedural_chairs.parameters import sample_parameters
from ..r2n2_renders.layout import GRID, METADATA, metadata_line

CHAIR = "03001627"
RENDERS, GRIDS, SPLITS = "ShapeNetRendering", "ShapeNetVox32", "ShapeNet.json"
_RESOLUTION, _IMAGE_SIZE, _VIEWS = 32, 137, 24
_SEED = 1 << 20  # of chairs that neither the data set nor `deform` draws


@dataclasses.dataclass(frozen=True)
class StandInWriter:
    """Writes the chair of a number; picklable."""

    folder: str
    seed: int

    def __call__(self, index: int) -> str:
        """Returns its name."""
        name = f"chair_{index:05d}"
        mesh = build_chair(sample_parameters(index, _SEED + self.seed))
        rng = np.random.default_rng([self.seed, index])
        cameras = RandomCameras("r2n2", _VIEWS).views(rng)
        write_shape(pathlib.Path(self.folder), CHAIR, name, mesh, cameras, _IMAGE_SIZE)
        return name


def write_stand_in(output: pathlib.Path, count: int, seed: int = 0) -> pathlib.Path:
    """Writes `ShapeNetRendering`, `ShapeNetVox32` and `ShapeNet.json` into a folder.

    Of ten chairs seven train, one validates and two test. Views are grey on
    transparent ground, 24 of 137² for each chair, and grids solid, 32³.

    Args:
      output: the folder; made if missing.
      count: how many chairs, ten or more.
      seed: of chairs and cameras, from 0 up.

    Raises:
      UserError: there are too few, or the folder holds such files already.
    """
    if count < 10:
        raise UserError(
            f"--count is {count}; give 10 or more, so that each split has some"
        )
    if seed < 0:
        raise UserError(f"the seed is {seed}; it must be 0 or more")
    for name in (RENDERS, GRIDS, SPLITS):
        if (output / name).exists():
            raise UserError(f"{output / name} exists; choose another --output")
    output.mkdir(parents=True, exist_ok=True)
    writer = StandInWriter(str(output), seed)
    names = list(parallel_map(writer, range(count), "writing chairs"))
    splits = {"train": [], "val": [], "test": []}
    for index, name in enumerate(names):
        place = index % 10
        splits["train" if place < 7 else "val" if place == 7 else "test"].append(name)
    taxonomy = {"taxonomy_id": CHAIR, "taxonomy_name": "chair", **splits}
    (output / SPLITS).write_text(json.dumps([taxonomy]) + "\n", "utf-8")
    return output


def write_shape(
    folder: pathlib.Path,
    synset: str,
    name: str,
    mesh: trimesh.Trimesh,
    cameras: Sequence[ViewCamera],
    image_size: int,
) -> None:
    """Writes grid, renders and cameras of one shape.

    Args:
      folder: that holds the two archives' folders.
      synset: the number of the category.
      name: of the shape.
      mesh: z up, front towards −y.
      cameras: of its renders.
      image_size: pixels along each side of these.
    """
    renders = folder / RENDERS / synset / name / "rendering"
    grids = folder / GRIDS / synset / name
    renders.mkdir(parents=True)
    grids.mkdir(parents=True)
    solid = voxelize(mesh, _RESOLUTION, solid=True, oversample=4, method="exact")
    # The inverse of the turn that reading applies.
    theirs = turn_grid(solid, frame_turn(up="y", front="x").T)
    write_binvox(grids / GRID, theirs, scale_of_box(mesh.extents))
    for view, seen in enumerate(render_from(mesh, cameras, image_size)):
        grey = Image.fromarray(seen)
        opaque = Image.fromarray(np.uint8(255) * (seen < BACKGROUND))
        picture = Image.merge("RGBA", (grey, grey, grey, opaque))
        picture.save(renders / f"{view:02d}.png")
    names = [f"{view:02d}.png" for view in range(len(cameras))]
    (renders / "renderings.txt").write_text("\n".join(names) + "\n", "utf-8")
    lines = "".join(map(metadata_line, cameras))
    (renders / METADATA).write_text(lines, "ascii")
