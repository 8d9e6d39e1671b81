"""OFF files (http://www.geomview.org/docs/html/OFF.html)."""

import contextlib
import re

import numpy as np
from jaxtyping import Float

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mesh_readers.colours import of_off_faces
from vaegan_jax.shapes.mesh_readers.polygons import (
    Polygons,
    group_colours,
    group_faces,
)
from vaegan_jax.shapes.mesh_readers.text import decode, plain_lines

# `4` has a fourth coordinate, by which the others are divided; `n` a line with the
# number of dimensions. In small letters throughout, n is for normals.
_HEADER = re.compile(r"(?:ST|C|N)*(?P<four>4?)(?P<any>n?)OFF(?=\d|\b)")
_SMALL_HEADER = re.compile(r"(?:st|c|n)*(?P<four>4?)(?P<any>)off(?=\d|\b)")
_BINARY = re.compile(rb"\s*\w*OFF[ \t]+BINARY\b", re.IGNORECASE)


def read_off(content: bytes, colours: bool = False) -> Polygons:
    """Reads the positions and faces of an OFF file of text; normals and such are not.

    The header may be joined with the counts (`OFF490 518 0`), as in ModelNet.

    Args:
      content: of the file.
      colours: read those of faces, too.

    Raises:
      UserError, ValueError: if it is none, or not whole.
    """
    if _BINARY.match(content):
        raise UserError(
            "binary OFF is not read; save it as text, in Geomview or MeshLab"
        )
    lines = plain_lines(decode(content, ".off"))
    first = lines[0] if lines else ""
    header = _HEADER.match(first) or _SMALL_HEADER.match(first)
    if header is None:
        raise UserError("this is not a .off file: it does not begin with OFF")
    lines[0] = first[header.end() :].strip()
    lines = lines if lines[0] else lines[1:]
    if header["any"]:
        dimensions, *lines = lines or [""]
        if dimensions != "3":
            raise UserError(
                f"its vertices have {dimensions or 'no'} coordinates, not 3"
            )
    counts, *lines = lines or [""]
    if not re.fullmatch(r"\d+\s+\d+(\s+\d+)?", counts):
        raise UserError("the .off file has no line with its counts after the header")
    num_vertices, num_faces = (int(count) for count in counts.split()[:2])
    _check_lines(lines, num_vertices, num_faces)
    vertices = _read_vertices(lines[:num_vertices], 4 if header["four"] else 3)
    lines = lines[num_vertices:]
    return Polygons(
        vertices,
        _read_faces(lines),
        face_colours=_read_colours(lines) if colours else None,
    )


def _check_lines(lines: list[str], num_vertices: int, num_faces: int) -> None:
    announced = num_vertices + num_faces
    if len(lines) > announced:
        raise UserError(
            f"its counts announce {announced:,} vertices and faces, but it holds "
            f"{len(lines):,}; mend the counts, or save it again"
        )
    if len(lines) == announced:
        return
    if sum(len(line.split()) for line in lines) >= 3 * announced:
        raise UserError(
            "its vertices and faces are not on a line each; save it again, in MeshLab "
            "say"
        )
    raise UserError(
        f"the file is cut short: it holds {len(lines):,} of {announced:,} vertices "
        "and faces"
    )


def _read_vertices(lines: list[str], coordinates: int) -> Float[np.ndarray, "v 3"]:
    if not lines:
        return np.zeros((0, 3))
    columns = range(coordinates)
    vertices = np.loadtxt(lines, usecols=columns, ndmin=2, comments=None)
    with np.errstate(all="ignore"):  # what becomes infinite is refused
        return vertices[:, :3] / vertices[:, 3:] if coordinates == 4 else vertices


def _read_faces(lines: list[str]) -> list[np.ndarray]:
    """Faces are lines `count index index … colour`."""
    if lines and all(line.startswith(("3 ", "3\t")) for line in lines):
        with contextlib.suppress(ValueError):  # told below, in words
            columns = (1, 2, 3)  # nearly always, and far faster
            table = np.loadtxt(lines, np.int64, usecols=columns, ndmin=2, comments=None)
            return [table]
    faces = []
    for line in lines:
        count, *rest = line.split()
        if int(count) < 0 or len(rest) < int(count):
            raise UserError(f"a face is cut short: {line[:40]!r}")
        faces.append([int(index) for index in rest[: int(count)]])
    return group_faces(faces)


def _read_colours(lines: list[str]) -> list[np.ndarray] | None:
    """Of faces that `_read_faces` reads; None if no face has one."""
    words = [line.split() for line in lines]
    corners = [int(count) for count, *_ in words]
    rest = [each[count + 1 :] for each, count in zip(words, corners, strict=True)]
    if not any(rest):
        return None
    return group_colours(corners, of_off_faces(rest))
