"""From the axes of mesh files to ours: z up, the front of a shape towards −y."""

import numpy as np
import trimesh
from jaxtyping import Bool, Float

from vaegan_jax.errors import UserError

AXES = ("x", "-x", "y", "-y", "z", "-z")
Turn = Float[np.ndarray, "3 3"]  # rows are our axes, in those of the file


def find_turn(suffix: str, up: str | None = None) -> Turn:
    """The rotation from the axes of a kind of file to ours.

    Args:
      suffix: of the file, as `.glb`.
      up: "z", whose front is towards −y as ModelNet's, or "y", whose front is towards
        −z as ShapeNet's (+z in glTF); None is "y" for glTF, as its standard says, and
        "z" otherwise.
    """
    is_gltf = suffix.lower() in (".glb", ".gltf")
    up = up or ("y" if is_gltf else "z")
    return frame_turn(up, "z" if is_gltf and up == "y" else None)


def frame_turn(up: str | None = None, front: str | None = None) -> Turn:
    """The rotation from a frame to ours.

    Args:
      up: the axis that is up there, "y" or "z"; default "z".
      front: where the front of a shape looks, one of `AXES`; default "-y" if z is up,
        as in ModelNet, "-z" if y is, as in ShapeNet. It looks to "x" in 3D-R2N2's
        grids.

    Raises:
      UserError: if the front looks up or down.
    """
    up = up or "z"
    front = front or {"z": "-y", "y": "-z"}[up]
    if front.removeprefix("-") == up:
        raise UserError(
            f"{up} is up and the front towards {front}; give another --front, or --up"
        )
    ours_y, ours_z = -_direction(front), _direction(up)
    return np.stack([np.cross(ours_y, ours_z), ours_y, ours_z])


def _direction(axis: str) -> Float[np.ndarray, "3"]:
    unit = np.eye(3)["xyz".index(axis.removeprefix("-"))]
    return -unit if axis.startswith("-") else unit


def turn_mesh(mesh: trimesh.Trimesh, turn: Turn) -> trimesh.Trimesh:
    """A copy of the surface, turned."""
    return trimesh.Trimesh(
        *(mesh.vertices @ turn.T, mesh.faces),
        face_attributes=mesh.face_attributes,
        process=False,
    )


def turn_grid(grid: Bool[np.ndarray, "x y z"], turn: Turn) -> Bool[np.ndarray, "x y z"]:
    """A voxel grid, turned about its middle."""
    axes = np.abs(turn).argmax(axis=1)
    backwards = np.flatnonzero(turn[range(3), axes] < 0)
    return np.flip(grid.transpose(axes), backwards)
