"""From the axes of mesh files to ours: z up, the front of a shape towards −y."""

import numpy as np
import trimesh
from jaxtyping import Bool, Float

Turn = Float[np.ndarray, "3 3"]  # rows are our axes, in those of the file

_AS_IT_IS = np.eye(3)
_Y_UP_FRONT_PLUS_Z = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float)
_Y_UP_FRONT_MINUS_Z = np.array([[-1, 0, 0], [0, 0, 1], [0, 1, 0]], float)


def find_turn(suffix: str, up: str | None = None) -> Turn:
    """The rotation from the axes of a kind of file to ours.

    Args:
      suffix: of the file, as `.glb`.
      up: "z", whose front is towards −y as ModelNet's, or "y", whose front is towards
        −z as ShapeNet's (+z in glTF); None is "y" for glTF, as its standard says, and
        "z" otherwise.
    """
    is_gltf = suffix.lower() in (".glb", ".gltf")
    if (up or ("y" if is_gltf else "z")) == "z":
        return _AS_IT_IS
    return _Y_UP_FRONT_PLUS_Z if is_gltf else _Y_UP_FRONT_MINUS_Z


def turn_mesh(mesh: trimesh.Trimesh, turn: Turn) -> trimesh.Trimesh:
    """A copy of the surface, turned."""
    return trimesh.Trimesh(mesh.vertices @ turn.T, mesh.faces, process=False)


def turn_grid(grid: Bool[np.ndarray, "x y z"], turn: Turn) -> Bool[np.ndarray, "x y z"]:
    """A voxel grid, turned about its middle."""
    axes = np.abs(turn).argmax(axis=1)
    backwards = np.flatnonzero(turn[range(3), axes] < 0)
    return np.flip(grid.transpose(axes), backwards)
