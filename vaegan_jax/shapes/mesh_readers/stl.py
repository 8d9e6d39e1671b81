"""STL files (https://www.fabbers.com/tech/STL_Format), of text and binary."""

import re

import numpy as np
from jaxtyping import Float

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mesh_readers.polygons import Polygons, group_faces
from vaegan_jax.shapes.mesh_readers.text import decode

_HEADER = 84  # bytes: 80 of anything, and the number of triangles
_TRIANGLE = np.dtype(
    [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attributes", "<u2")]
)
# The name of a solid reaches to the end of its line, or to its first facet.
_NAMES = re.compile(r"\b(?:end)?solid\b(?:(?!\bfacet\s+normal\b)[^\n])*")
_LOOP = re.compile(r"\bouter\s+loop\b(.*?)\bendloop\b", re.DOTALL)
# The words of a facet of three corners, numbers as None.
_CORNER = ("vertex", None, None, None)
_FACET = (
    *("facet", "normal", None, None, None, "outer", "loop"),
    *(*_CORNER, *_CORNER, *_CORNER, "endloop", "endfacet"),
)


def read_stl(content: bytes) -> Polygons:
    """Reads the triangles of all solids.

    Binary files may begin with "solid" too, and may have bytes behind the triangles.

    Raises:
      UserError, ValueError: if it is neither, or not whole.
    """
    is_text = content.lstrip()[:5].lower() == b"solid" and b"\0" not in content[84:]
    if is_text or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _read_text(decode(content, ".stl"))
    if len(content) < _HEADER:
        raise UserError(
            "there are no faces: the file is empty, cut short or of another kind"
        )
    announced = int.from_bytes(content[80:_HEADER], "little")
    held = (len(content) - _HEADER) // _TRIANGLE.itemsize
    if held < announced:
        raise UserError(
            f"the file is cut short or no STL: it holds {held:,} of {announced:,} "
            "triangles"
        )
    if held and not announced:
        raise UserError("its header announces 0 triangles, but more bytes follow")
    triangles = np.frombuffer(content, _TRIANGLE, announced, _HEADER)
    return _unconnected(triangles["corners"].astype(float))


def _read_text(text: str) -> Polygons:
    text = text.lower()
    names = _NAMES.findall(text)
    begun = sum(not name.startswith("end") for name in names)
    text = _NAMES.sub(" ", text)
    words = text.split()
    if len(names) != 2 * begun or words.count("facet") != words.count("endfacet"):
        raise UserError("the file is cut short: its last solid has no end")
    if (corners := _alike_facets(words)) is not None:
        return _unconnected(corners)
    loops = []
    for loop in _LOOP.findall(text):
        keyword, *rest = re.split(r"\bvertex\b", loop)
        corners = [corner.split() for corner in rest]
        if keyword.strip() or any(len(corner) != 3 for corner in corners):
            raise UserError(f"a facet is damaged: {' '.join(loop.split())[:60]!r}")
        loops.append(corners)
    if len(loops) != words.count("facet"):
        raise UserError("a facet is damaged: it has no loop of vertices")
    vertices = [corner for loop in loops for corner in loop]
    ends = np.cumsum([len(loop) for loop in loops])
    faces = [range(end - len(loop), end) for loop, end in zip(loops, ends, strict=True)]
    return Polygons(np.array(vertices, float).reshape(-1, 3), group_faces(faces))


def _alike_facets(words: list[str]) -> Float[np.ndarray, "n 3 3"] | None:
    """The corners if all facets have three: nearly always, and far faster."""
    if not words or len(words) % len(_FACET):
        return None
    columns = [words[i :: len(_FACET)] for i in range(len(_FACET))]
    for column, word in zip(columns, _FACET, strict=True):
        if word and set(column) != {word}:
            return None
    first = _FACET.index("vertex")
    numbers = [
        list(map(float, columns[first + len(_CORNER) * corner + 1 + axis]))
        for corner in range(3)
        for axis in range(3)
    ]
    return np.array(numbers).T.reshape(-1, 3, 3)


def _unconnected(corners: np.ndarray) -> Polygons:
    """Polygons (n, k, 3) of which each has its own vertices."""
    count, sides, _ = corners.shape
    faces = np.arange(count * sides).reshape(count, sides)
    return Polygons(corners.reshape(-1, 3), [faces])
