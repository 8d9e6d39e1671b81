"""OBJ files (http://www.martinreddy.net/gfx/3d/OBJ.spec)."""

import re
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mesh_readers.colours import WHITE, as_shares, read_materials
from vaegan_jax.shapes.mesh_readers.polygons import (
    Polygons,
    group_colours,
    group_faces,
)
from vaegan_jax.shapes.mesh_readers.text import decode

_COMMENT = re.compile(r"#[^\n]*")
_CONTINUED = re.compile(r"\\[ \t]*\n")
# Behind these are paths and names, which may end in a backslash.
_NAMES = re.compile(
    r"^[ \t]*(?:mtllib|usemtl|maplib|usemap|o)[ \t][^\n]*", re.MULTILINE
)
_FACES = ("f", "fo")
_MATERIAL = "$material"  # no keyword of the format
_NO_MATERIAL = "(null)"  # as Blender wrote it, without one in its library
_LIBRARY = re.compile(r"\S.*?\.mtl(?!\S)", re.IGNORECASE)
# Surfaces of splines and patches; the last four are of version 2.11.
_FREE_FORM = ("surf", "bzp", "bsp", "cdp", "cdc")


def read_obj(
    content: bytes,
    resource: Callable[[str], bytes] | None = None,
    colours: bool = False,
) -> Polygons:
    """Reads the positions and faces of an OBJ file, all its objects as one.

    Indices count from 1, or from the last vertex so far, which is −1. Lines and points
    are left out, as are texture coordinates and normals.

    Args:
      content: of the file.
      resource: gives the content of a `.mtl` file that it refers to.
      colours: read those of materials, or else of vertices, too.

    Raises:
      UserError: if it is damaged, or holds surfaces that are no polygons, or colours
        are wanted and a file of materials is not there or damaged, or a material that
        faces have is in none of them.
    """
    text, materials = decode(content, ".obj"), _Materials()
    if colours:
        text = _NAMES.sub(materials.note, text)
    text = _NAMES.sub("", _COMMENT.sub("", text))
    vertices, faces, so_far, used, material = [], [], [], [], None
    for line in _CONTINUED.sub(" ", text).split("\n"):
        keyword, *rest = line.split(None, 1)[:2] or [""]
        if keyword == "v":
            vertices.append("".join(rest))
        elif keyword in _FACES:
            faces.append("".join(rest))
            so_far.append(len(vertices))
            used.append(material)
        elif keyword == _MATERIAL:
            material = int("".join(rest))
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
    return Polygons(
        _read_vertices(vertices),
        group_faces(corners),
        _of_vertices(vertices) if colours else None,
        materials.colours(corners, used, resource),
    )


class _Materials:
    """The materials that an OBJ file names, in the order in which it does."""

    def __init__(self):
        self._names, self._libraries = [], []

    def note(self, line: re.Match) -> str:
        """Puts the number of a name in its place, in which anything might be."""
        keyword, *rest = line[0].split(None, 1)
        name = "".join(rest).strip()
        if keyword == "mtllib" and name:
            name = name.replace("\\", "/")
            self._libraries += _LIBRARY.findall(name) or [name]
        if keyword != "usemtl":
            return ""
        self._names.append(name)
        return f"{_MATERIAL} {len(self._names) - 1}"

    def colours(
        self, corners: list[list[int]], used: list[int | None], resource
    ) -> list[Float[np.ndarray, "_ 3"]] | None:
        """Of faces with these materials; white without, as the format has it.

        None if no face has one, or no file tells of any.

        Raises:
          UserError: a file is not there or damaged, or no file has one of these.
        """
        named = {i for i in used if i is not None and self._names[i]}
        if not (named and self._libraries):
            return None
        known = {}
        for library in self._libraries:
            if resource is None:
                raise UserError(
                    f"it refers to another file, {library}, which is not there"
                )
            known |= read_materials(resource(library))
        found = {i: self._find(self._names[i], known) for i in sorted(named)}
        if not any(found.values()):
            return None
        shares = np.array([found.get(i) or WHITE for i in used], float)
        return group_colours(map(len, corners), shares)

    def _find(self, name: str, known: dict[str, tuple[float, ...]]):
        """Its colour, the end of a name perhaps being a comment; None if it is none."""
        for spelling in (name, _COMMENT.sub("", name).strip()):
            if spelling in known:
                return known[spelling]
        if name == _NO_MATERIAL:
            return None
        raise UserError(
            f"its material {name[:40]!r} is not in {', '.join(self._libraries)[:80]}; "
            "save both again, in Blender say"
        )


def _of_vertices(lines: list[str]) -> Float[np.ndarray, "v 3"] | None:
    """What follows the coordinates, if that is three numbers of each vertex."""
    rows = [line.split()[3:] for line in lines]
    if not rows or any(len(row) != 3 for row in rows):
        return None
    return as_shares(np.array(rows, float))


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
