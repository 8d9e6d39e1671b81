"""Meshes as `.glb`, `.obj`, `.stl` and `.ply` files.

Files keep the axes of the mesh, except glTF: its standard is y up, front towards +z.
"""

import os
import pathlib

import numpy as np
import trimesh

from vaegan_jax.errors import UserError

MESH_FORMATS = ("glb", "obj", "stl", "ply")

# (x, y, z) becomes (x, z, −y).
_TO_GLTF = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], float)


def write_glb(path: str | os.PathLike, mesh: trimesh.Trimesh) -> None:
    """Writes a mesh as binary glTF, turned from our z up to glTF's y up."""
    turned = mesh.copy()
    turned.apply_transform(_TO_GLTF)
    pathlib.Path(path).write_bytes(turned.export(file_type="glb"))


def write_mesh(path: str | os.PathLike, mesh: trimesh.Trimesh) -> None:
    """Writes a mesh in the format that its name ends in, one of `MESH_FORMATS`.

    Raises:
      UserError: for another ending.
    """
    path = pathlib.Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in MESH_FORMATS:
        raise UserError(f"{path}: a mesh can be written as {', '.join(MESH_FORMATS)}")
    if kind == "glb":
        return write_glb(path, mesh)
    content = mesh.export(file_type=kind)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
