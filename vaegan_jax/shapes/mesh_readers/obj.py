"""OBJ files (http://www.martinreddy.net/gfx/3d/OBJ.spec)."""

import re

import numpy as np
from jaxtyping import Float

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mesh_readers.polygons import Polygons, group_faces
from vaegan_jax.shapes.mesh_readers.text import decode

_COMMENT = re.compile(r"#[^\n]*")
_CONTINUED = re.compile(r"\\[ \t]*\n")
# Behind these are paths and names, which may end in a backslash.
_NAMES = re.compile(r"^[ \t]*(?:mtllib|usemtl|maplib|usemap|o)\s[^\n]*", re.MULTILINE)
_FACES = ("f", "fo")
# Surfaces of splines and patches; the last four are of version 2.11.
_FREE_FORM = ("surf", "bzp", "bsp", "cdp", "cdc")


def read_obj(content: bytes) -> Polygons:
    """Reads the positions and faces of an OBJ file, all its objects as one.

    Indices count from 1, or from the last vertex so far, which is −1. Lines and points
    are left out, as are texture coordinates, normals and colours.

    Raises:
      UserError: if it is damaged, or holds surfaces that are no polygons.
    """
    text = _NAMES.sub("", _COMMENT.sub("", decode(content, ".obj")))
    vertices, faces, so_far = [], [], []
    for line in _CONTINUED.sub(" ", text).split("\n"):
        keyword, *rest = line.split(None, 1)[:2] or [""]
        if keyword == "v":
            vertices.append("".join(rest))
        elif keyword in _FACES:
            faces.append("".join(rest))
            so_far.append(len(vertices))
        elif keyword in _FREE_FORM:
            raise UserError(
                f"it holds a free-form surface ({keyword}), which is not read; "
                "convert it to polygons, in Rhino or Blender say"
            )
        elif keyword in ("call", "csh"):
            raise UserError(
                f"it is not complete by itself: it has the command {keyword}; save it "
                "again as one file, in Blender say"
            )
    _check_last_face(faces, text)
    corners = [
        _read_face(face, count) for face, count in zip(faces, so_far, strict=True)
    ]
    return Polygons(_read_vertices(vertices), group_faces(corners))


def _read_face(face: str, vertices_so_far: int) -> list[int]:
    """Indices from 0 of `7`, `7/1`, `7//3`, `7/1/3` and, as some write it, `7/`."""
    try:
        corners = [int(corner.partition("/")[0]) for corner in face.split()]
    except ValueError:
        raise UserError(f"a face is damaged: {face[:40]!r}") from None
    if 0 in corners:
        raise UserError("a face refers to vertex 0, but the first is 1")
    return [index - 1 if index > 0 else vertices_so_far + index for index in corners]


def _read_vertices(lines: list[str]) -> Float[np.ndarray, "v 3"]:
    """Vertices are `x y z`, `x y z weight` or `x y z` and a colour."""
    if not lines:
        return np.zeros((0, 3))
    columns = map(str.split, lines)
    weights = {float(c[3]) if len(c) == 4 else 1.0 for c in columns}
    if len(weights) > 1:
        raise UserError(
            "its vertices have a fourth coordinate, a weight, by which some programs "
            "divide and others do not; save it without, in Blender say"
        )
    return np.loadtxt(lines, usecols=(0, 1, 2), ndmin=2, comments=None)


def _check_last_face(faces: list[str], text: str) -> None:
    """Raises UserError for a file that ends within a face."""
    last = faces[-1].split() if faces else []
    ends = {corner.endswith("/") for corner in last}
    if (
        last
        and text.rstrip().endswith(faces[-1].strip())
        and (len(last) < 3 or len(ends) > 1)
    ):
        raise UserError("the file is cut short: its last face is incomplete")
