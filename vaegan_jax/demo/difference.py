"""What a refiner changed of the generator's shape, as coloured voxels."""

from typing import NamedTuple

import numpy as np
import trimesh
from jaxtyping import Bool, Float

from vaegan_jax.demo.downloads import WRITER
from vaegan_jax.shapes.meshes import boxes_mesh


class _Part(NamedTuple):
    name: str
    colour: tuple[int, int, int]


_KEPT = _Part("kept", (228, 222, 210))
_ADDED = _Part("added", (86, 190, 116))
_TAKEN = _Part("taken away", (232, 92, 82))
_SMALL = 0.4  # of the side of a voxel


def difference_mesh(
    before: Float[np.ndarray, "x y z"], after: Float[np.ndarray, "x y z"]
) -> tuple[trimesh.Trimesh | None, str]:
    """Voxels of two shapes together, in colours by which of the two has them.

    Args:
      before: probabilities, of the generator.
      after: those of the refiner.

    Returns:
      Boxes with colours of their vertices, small ones where voxels were taken away, so
      that these hide nothing; None if no voxel is filled. And HTML that says what the
      colours mean and how many voxels have each.
    """
    old, new = WRITER.filled(np.stack([before, after]))
    parts = {_KEPT: old & new, _ADDED: new & ~old, _TAKEN: old & ~new}
    meshes = [_boxes(grid, part) for part, grid in parts.items() if grid.any()]
    legend = " ".join(_words(part, grid) for part, grid in parts.items())
    return trimesh.util.concatenate(meshes) if meshes else None, legend


def _boxes(grid: Bool[np.ndarray, "x y z"], part: _Part) -> trimesh.Trimesh:
    if part is _TAKEN:
        pitch = 1 / len(grid)
        centres = (np.argwhere(grid) + 0.5) * pitch - 0.5
        mesh = trimesh.voxel.ops.multibox(centres, _SMALL * pitch)
    else:
        mesh = boxes_mesh(grid)
    mesh.unmerge_vertices()  # light would round off what shares them
    mesh.visual.vertex_colors = (*part.colour, 255)
    return mesh


def _words(part: _Part, grid: Bool[np.ndarray, "x y z"]) -> str:
    square = f'<i style="background: rgb{part.colour}"></i>'
    return f"<span>{square} {int(grid.sum())} {part.name}</span>"
