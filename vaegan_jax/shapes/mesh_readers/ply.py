"""PLY files (http://paulbourke.net/dataformats/ply/), of text and binary."""

import itertools
import struct
from collections.abc import Iterator, Sequence

import numpy as np

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mesh_readers.colours import as_shares
from vaegan_jax.shapes.mesh_readers.ply_header import Element, Header, read_header
from vaegan_jax.shapes.mesh_readers.polygons import (
    Polygons,
    group_colours,
    group_faces,
)
from vaegan_jax.shapes.mesh_readers.text import decode

_CORNERS = ("vertex_indices", "vertex_index")  # both are around
_COLOURS = ("red", "green", "blue")
_WHITES = {"b": 127, "H": 65535}  # 255 of the other integers, however long

Column = list | np.ndarray  # the values of a property in all rows
Columns = dict[str, Column]


def read_ply(content: bytes, colours: bool = False) -> Polygons:
    """Reads the positions, faces and triangle strips of a PLY file.

    Elements may come in any order and have any further properties, lists too.

    Args:
      content: of the file.
      colours: read those of vertices and faces, too; strips have those of vertices.

    Raises:
      UserError, ValueError: if it is none, or not whole.
    """
    header = read_header(content)
    read = _read_binary if header.byte_order else _read_text
    vertices, faces, vertex_colours, face_colours = None, [], None, []
    for element, columns in read(content, header):
        if element.name == "vertex":
            vertices = [_column(element, columns, (axis,)) for axis in "xyz"]
            vertex_colours = _colours(element, columns) if colours else None
        elif element.name == "face":
            corners = _column(element, columns, _CORNERS)
            faces += _grouped(corners)
            shares = _colours(element, columns) if colours else None
            if shares is not None:
                face_colours += group_colours(map(len, corners), shares)
        elif element.name == "tristrips":
            strips = _column(element, columns, _CORNERS)
            faces += group_faces(
                itertools.chain.from_iterable(map(_strip_triangles, strips))
            )
        elif element.name == "range_grid" and element.count:
            raise UserError(
                "it is a range scan (range_grid), which has no faces; make a surface "
                "of it, in MeshLab say"
            )
    if vertices is None:
        raise UserError("it has no element called vertex")
    return Polygons(
        np.array(vertices, float).T,
        faces,
        vertex_colours,
        face_colours if len(face_colours) == len(faces) else None,  # not of strips
    )


def _read_text(content: bytes, header: Header) -> Iterator[tuple[Element, Columns]]:
    """One element after another, of lines."""
    lines = decode(content[header.size :], ".ply").split("\n")
    lines = [line for line in map(str.strip, lines) if line]
    announced = sum(element.count for element in header.elements)
    if len(lines) < announced:
        raise UserError(
            f"the file is cut short: it holds {len(lines):,} of {announced:,} lines"
        )
    if len(lines) > announced:
        raise UserError(
            f"its header announces {announced:,} lines, but it holds {len(lines):,}; "
            "save it again"
        )
    rest = iter(lines)
    for element in header.elements:
        rows = list(itertools.islice(rest, element.count))
        yield element, _columns_of_lines(element, rows)


def _columns_of_lines(element: Element, lines: list[str]) -> Columns:
    names = list(element.properties)
    if lines and not element.has_lists:
        table = np.loadtxt(lines, ndmin=2, comments=None)
        if table.shape[1] != len(names):
            raise UserError(
                f"a {element.name} has {table.shape[1]} numbers, but the header "
                f"announces {len(names)}; save it again"
            )
        return dict(zip(names, table.T, strict=True))
    columns = {name: [] for name in names}
    for line in lines:
        words = line.split()
        for name, (number, code) in element.properties.items():
            count = int(words[0]) if number and words else 1
            taken, words = words[bool(number) :][:count], words[bool(number) + count :]
            if len(taken) != count:
                raise UserError(f"a {element.name} has too few numbers: {line[:40]!r}")
            # Whether single ones are whole is asked where it matters, as above.
            whole = number and code not in "fd"
            values = [int(word) if whole else float(word) for word in taken]
            columns[name].append(values if number else values[0])
        if words:
            raise UserError(f"a {element.name} has too many numbers: {line[:40]!r}")
    return columns


def _read_binary(content: bytes, header: Header) -> Iterator[tuple[Element, Columns]]:
    """One element after another, of bytes."""
    position = header.size
    for element in header.elements:
        columns = {name: [] for name in element.properties}
        if columns and element.count:
            rows = _alike_rows(content, position, element, header.byte_order)
            if rows is not None:
                columns = {name: rows[name] for name in columns}
                position += rows.nbytes
            else:
                position = _read_rows(
                    content, position, element, header.byte_order, columns
                )
        yield element, columns


def _alike_rows(content, start: int, element: Element, order: str) -> np.ndarray | None:
    """All rows at once, if their lists are as long as those of the first row."""
    first, _ = _unpack(content, start, element, order)
    lengths = [len(value) for value in first if isinstance(value, tuple)]
    try:
        row = element.dtype(order, lengths)
        rows = np.frombuffer(content, row, element.count, start)
    except ValueError:  # the lists that follow are shorter
        return None
    counts = [rows[name] for name in rows.dtype.names if name.startswith("#")]
    alike = all((c == n).all() for c, n in zip(counts, lengths, strict=True))
    return rows if alike else None


def _read_rows(content, position: int, element: Element, order: str, columns) -> int:
    """Adds the rows to the columns one by one; returns where they end."""
    for _ in range(element.count):
        row, position = _unpack(content, position, element, order)
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return position


def _unpack(content, position: int, element: Element, order: str):
    """One row, with lists as tuples, and where it ends."""
    row = []
    try:
        for number, code in element.properties.values():
            count = ""
            if number:
                (count,) = struct.unpack_from(order + number, content, position)
                position += struct.calcsize(order + number)
            values = struct.unpack_from(f"{order}{count}{code}", content, position)
            position += struct.calcsize(f"{order}{count}{code}")
            row.append(values if number else values[0])
    except struct.error:  # also of a list with fewer than no numbers
        raise UserError(
            f"the file is cut short or damaged, in its {element.name} element"
        ) from None
    return row, position


def _column(element: Element, columns: Columns, names: Sequence[str]) -> Column:
    """One property of all rows, under the first of these names that there is."""
    for name in names:
        if name in columns:
            return columns[name]
    raise UserError(f"its {element.name} element has no {' or '.join(names)}")


def _colours(element: Element, columns: Columns) -> np.ndarray | None:
    """The shares (n, 3) of the rows of an element; None if it has no colours.

    Integers are levels of 0 to 255, or in a ushort to 65535, in a char to 127.
    """
    if not all(name in columns for name in _COLOURS):
        return None
    (number, code), *others = {element.properties[name] for name in _COLOURS}
    if number or others:
        raise UserError(
            f"the red, green and blue of its {element.name} element are lists or of "
            "various types; save it again, in MeshLab say"
        )
    levels = np.array([columns[name] for name in _COLOURS], float).T.reshape(-1, 3)
    if code in "fd":
        return as_shares(levels)
    white = _WHITES.get(code, 255)
    fit = (levels >= 0) & (levels <= white) & (levels == np.rint(levels))
    if not fit.all():
        raise UserError(
            f"the colour of a {element.name} is {levels[~fit][0]:g}, but its type "
            f"takes whole numbers of 0 to {white}; save it again, in MeshLab say"
        )
    return levels / white


def _grouped(lists: Column) -> list[np.ndarray]:
    """Faces as `Polygons` has them."""
    if isinstance(lists, np.ndarray):
        return [lists.astype(np.int64)]
    return group_faces(lists)


def _strip_triangles(strip) -> Iterator[tuple[int, int, int]]:
    """Triangles of a strip, in which −1 begins another."""
    begin = 0
    for i, corner in enumerate(strip):
        if corner == -1:
            begin = i + 1
        elif i - begin >= 2:
            a, b = strip[i - 2], strip[i - 1]
            yield (a, b, corner) if (i - begin) % 2 == 0 else (b, a, corner)
