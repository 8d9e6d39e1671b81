"""Mesh files of text in many forms, written without what reads them.

A writer takes vertices, as rows of numbers, and faces, as lists of indices from 0. The
numbers are to be exact in single precision.
"""


def _join(*parts):
    return " ".join(map(str, parts))


def _off(vertices, faces, header="OFF\n", extra="", colour="", end="\n"):
    rows = [_join(*vertex) + extra for vertex in vertices]
    rows += [_join(len(face), *face) + colour for face in faces]
    counts = _join(len(vertices), len(faces), 0)
    return (header + counts + "\n" + "\n".join(rows) + "\n").replace("\n", end).encode()


def _homogeneous_off(vertices, faces):
    weights = [(1, 2, 4, 0.5)[i % 4] for i in range(len(vertices))]
    rows = [[*(x * w for x in v), w] for v, w in zip(vertices, weights, strict=True)]
    return _off(rows, faces, header="4OFF\n")


def _obj(vertices, faces, corner="{0}", vertex_extra="", end="\n"):
    lines = [_join("v", *vertex) + vertex_extra for vertex in vertices]
    lines += [_join("f", *(corner.format(i + 1) for i in face)) for face in faces]
    return (end.join(lines) + end).encode()


def _relative_obj(vertices, faces):
    """Each face in a block of its own: `v v v f -3 -2 -1`."""
    lines = []
    for face in faces:
        lines += [_join("v", *vertices[i]) for i in face]
        lines.append(_join("f", *range(-len(face), 0)))
    return "\n".join(lines).encode()


def _several_objects(vertices, faces):
    """Two objects, vertices of the second between the faces of the first."""
    half = len(faces) // 2
    lines = ["mtllib C:\\models\\", "o first \\", "g one"]
    lines += [_join("v", *vertex) for vertex in vertices]
    lines += [_join("f", *(i + 1 for i in face)) for face in faces[:half]]
    lines += ["o second", "usemtl wood#2\\", "s off"]
    lines += [_join("v", *vertex) for vertex in vertices]
    lines += [_join("f", *(i - len(vertices) for i in face)) for face in faces[half:]]
    lines += ["l 1 2", "p 1", "vn 0 0 1", "vt 0 0"]
    return "\n".join(lines).encode()


def _untidy_obj(vertices, faces):
    """Tabs, comments behind data, lines that go on, and no end of the last."""
    text = _obj(vertices, faces).decode().replace(" ", "\t").rstrip("\n")
    lines = [f"  {line} # note \\" for line in text.split("\n")]
    lines = [line.replace("\t", " \\\n\t", 1) for line in lines]
    return "\n\n".join(["# C:\\chairs\\", *lines]).encode()


def _ply(vertices, faces, name="vertex_indices", end="\n", extra=False):
    header = ["ply", "format ascii 1.0", "comment by hand"]
    vertex = [f"element vertex {len(vertices)}", "property double x"]
    vertex += ["property float y", "property float32 z"]
    if extra:
        vertex += ["property uchar red", "property list uchar float uv"]
    face = [f"element face {len(faces)}"]
    face += ["property list uchar float texcoord"] * extra
    face += [f"property list uchar int {name}", "property float quality"][: 1 + extra]
    rows = [_join(*v) + " 255 2 0.5 0.25" * extra for v in vertices]
    last = ["3 1 2 3 ", ""][not extra], [" 0.5", ""][not extra]
    face_rows = [last[0] + _join(len(f), *f) + last[1] for f in faces]
    if extra:  # faces first, and something else between
        middle = ["element edge 2", "property int vertex1", "property int vertex2"]
        lines = [*header, *face, *middle, *vertex, "end_header", *face_rows]
        lines += ["0 1", "1 2", *rows]
    else:
        lines = [*header, *vertex, *face, "end_header", *rows, *face_rows]
    return end.join([*lines, ""]).encode()


def _stl(vertices, faces, solids=1, keyword=str):
    lines = []
    for k in range(solids):
        lines.append(f"solid part {k} of a solid")
        for face in faces[k::solids]:
            lines += [" facet normal 0 0 0", "  outer loop"]
            lines += ["   " + _join("vertex", *vertices[i]) for i in face]
            lines += ["  endloop", " endfacet"]
        lines.append(f"endsolid part {k}")
    return keyword("\n".join(lines)).encode()


def _with(write, **options):
    return lambda vertices, faces: write(vertices, faces, **options)


# Suffix and writer; polygons may have any number of corners.
POLYGON_FORMS = {
    "OFF": (".off", _off),
    "OFF with the counts": (".off", _with(_off, header="OFF")),
    "OFF of Windows": (".off", _with(_off, end="\r\n")),
    "OFF of old Macs": (".off", _with(_off, end="\r")),
    "OFF with comments": (".off", _with(_off, header="# a\n\nOFF # b\n", extra=" # c")),
    "OFF with face colours": (".off", _with(_off, colour=" 0.5 0.5 0.5 1")),
    "OFF with a colour index": (".off", _with(_off, colour="\t7")),
    "COFF": (".off", _with(_off, header="COFF\n", extra=" 255 128 0 255")),
    "NOFF": (".off", _with(_off, header="NOFF\n", extra=" 0 0 1")),
    "STCNOFF": (".off", _with(_off, header="STCNOFF\n", extra=" 0 0 1 1 1 1 1 .5 .5")),
    "nOFF": (".off", _with(_off, header="nOFF\n3\n")),
    "4OFF": (".off", _homogeneous_off),
    "OFF in UTF-16": (".off", lambda *mesh: _off(*mesh).decode().encode("utf-16")),
    "OBJ": (".obj", _obj),
    "OBJ v/vt": (".obj", _with(_obj, corner="{0}/1")),
    "OBJ v//vn": (".obj", _with(_obj, corner="{0}//1")),
    "OBJ v/vt/vn": (".obj", _with(_obj, corner="{0}/1/2")),
    "OBJ with colours": (".obj", _with(_obj, vertex_extra=" 0.1 0.2 0.3")),
    "OBJ with equal weights": (".obj", _with(_obj, vertex_extra=" 1.0")),
    "OBJ of Windows": (".obj", _with(_obj, end="\r\n")),
    "OBJ of old Macs": (".obj", _with(_obj, end="\r")),
    "OBJ in blocks": (".obj", _relative_obj),
    "OBJ of several objects": (".obj", _several_objects),
    "OBJ, untidy": (".obj", _untidy_obj),
    "PLY of text": (".ply", _ply),
    "PLY with vertex_index": (".ply", _with(_ply, name="vertex_index")),
    "PLY of text with more": (".ply", _with(_ply, extra=True)),
    "PLY of Windows": (".ply", _with(_ply, end="\r\n")),
    "PLY of old Macs": (".ply", _with(_ply, end="\r")),
}

# Of triangles alone.
TRIANGLE_FORMS = {
    "STL of text": (".stl", _stl),
    "STL of several solids": (".stl", _with(_stl, solids=3)),
    "STL in capitals": (".stl", _with(_stl, keyword=str.upper)),
    "STL on one line": (".stl", _with(_stl, keyword=lambda t: " ".join(t.split()))),
}
