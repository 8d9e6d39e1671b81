"""Meshes from files: OFF, OBJ, glTF, PLY and STL, checked before anything uses them."""

import dataclasses
import warnings
from collections.abc import Callable

import numpy as np
import trimesh
from jaxtyping import Float, Int

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.colours import FACE_COLOURS
from vaegan_jax.shapes.mesh_readers.gltf import read_gltf
from vaegan_jax.shapes.mesh_readers.obj import read_obj
from vaegan_jax.shapes.mesh_readers.off import read_off
from vaegan_jax.shapes.mesh_readers.ply import read_ply
from vaegan_jax.shapes.mesh_readers.polygons import (
    Polygons,
    check_indices,
    triangulate,
)
from vaegan_jax.shapes.mesh_readers.stl import read_stl
from vaegan_jax.shapes.mislabelled_files import other_kind
from vaegan_jax.shapes.orientation import find_turn, turn_mesh

MESH_SUFFIXES = (".off", ".obj", ".glb", ".gltf", ".ply", ".stl")


def read_mesh(
    content: bytes,
    suffix: str,
    up: str | None = None,
    resource: Callable[[str], bytes] | None = None,
    colours: bool = False,
) -> trimesh.Trimesh:
    """Reads a mesh, turned so that z is up and its front is towards −y.

    All objects of a file become one mesh. Polygons become triangles, concave ones too.

    Args:
      content: of the file.
      suffix: that names its kind, one of `MESH_SUFFIXES`.
      up: "z" or "y", the axis of the file that is up, as `orientation.find_turn` takes
        it; None goes by the kind of file.
      resource: gives the content of another file that a `.gltf` refers to, or for its
        colours an `.obj`.
      colours: read plain ones: of the faces or else the vertices of `.ply`, the faces
        of `.off`, the materials (Kd) or else the vertices of `.obj`, the materials
        (baseColorFactor) and vertices of glTF; no textures.

    Returns:
      Triangles, in units that leave the longest side between 0.5 and 1. If there are
      colours, `face_attributes["colours"]` has those of the corners of each triangle,
      (t, 3, 3), shares of red, green and blue.

    Raises:
      UserError: if the file is damaged, empty, of another kind, without a surface, or
        holds something that is not read, or refers to a file that is not there.
      MemoryError: if it needs more than there is.
    """
    suffix = suffix.lower()
    if suffix not in MESH_SUFFIXES:
        raise UserError(f"{suffix} is not one of {', '.join(MESH_SUFFIXES)}")
    if not content.strip():
        raise UserError("the file is empty")
    if reason := other_kind(content, suffix):
        raise UserError(reason)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # damaged numbers are refused, not told of
            polygons = _parse(content, suffix, resource, colours)
            mesh = _to_mesh(polygons)
    except (UserError, MemoryError):
        raise
    except Exception as error:  # what damaged files raise has no bounds
        raise UserError(
            f"cannot be read as {suffix}: damaged or of another kind ({_brief(error)})"
        ) from error
    return turn_mesh(mesh, find_turn(suffix, up))


def _parse(content: bytes, suffix: str, resource, colours: bool) -> Polygons:
    match suffix:
        case ".stl":
            return read_stl(content)
        case ".off":
            return read_off(content, colours)
        case ".ply":
            return read_ply(content, colours)
        case ".obj":
            return read_obj(content, resource, colours)
    return read_gltf(content, resource, colours)


def _to_mesh(polygons: Polygons) -> trimesh.Trimesh:
    vertices = np.asarray(polygons.vertices, float)
    if not np.isfinite(vertices).all():
        raise UserError("the mesh has non-finite vertices")
    check_indices(polygons)
    surface = [faces for faces in polygons.faces if faces.shape[1] > 2 and len(faces)]
    if not surface:
        raise UserError(_no_faces(len(vertices)))
    used = np.zeros(len(vertices), bool)
    for faces in surface:
        used[faces] = True
    vertices = _scaled(vertices, np.ptp(vertices[used], axis=0).max())
    # Those of points and lines stay, so that colours are in the same order.
    kept = dataclasses.replace(polygons, vertices=vertices)
    faces, wholes = triangulate(kept)
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    if (colours := _colours(kept, faces, wholes)) is not None:
        mesh.face_attributes[FACE_COLOURS] = colours
    return mesh


def _colours(
    polygons: Polygons, faces: Int[np.ndarray, "t 3"], wholes: Int[np.ndarray, " t"]
) -> Float[np.ndarray, "t 3 3"] | None:
    """Of the corners of triangles: the colours of faces, or else of vertices."""
    if polygons.face_colours is not None:
        of_faces = np.concatenate(polygons.face_colours)[wholes]
        found = np.repeat(of_faces[:, None], 3, axis=1)
    elif polygons.vertex_colours is not None:
        found = polygons.vertex_colours[faces]
    else:
        return None
    if not np.isfinite(found).all():
        raise UserError("the mesh has colours that are not finite")
    return np.clip(found, 0, 1)


def _no_faces(num_vertices: int) -> str:
    if num_vertices:
        return (
            f"there are no faces, only {num_vertices:,} points: it is a point cloud, "
            "or lines, or cut short; make a surface of it, in MeshLab say"
        )
    return "there are no faces: the file is empty, cut short or of another kind"


def _scaled(vertices, extent: float) -> Float[np.ndarray, "v 3"]:
    # A power of two: it changes no bit of the digits. Without it, tolerances that are
    # meant for everyday sizes take the corners of a tiny mesh for one.
    if not 0 < extent < np.inf:
        raise UserError("all faces lie in a single point, or too far apart")
    return vertices * 2.0 ** -np.ceil(np.log2(extent))


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1][:120] if lines else type(error).__name__
