"""Colours of mesh files and of renders, and grey levels of colours."""

import struct

import numpy as np
import pytest
import trimesh
from PIL import Image

from tests.shapes.binary_writers import Gltf
from vaegan_jax.shapes.cameras import Camera, ViewCamera
from vaegan_jax.shapes.colours import FACE_COLOURS, luma
from vaegan_jax.shapes.mesh_files import read_mesh
from vaegan_jax.shapes.orientation import find_turn, turn_mesh
from vaegan_jax.shapes.render import render_from, render_views

# A quad in the plane y = 0, its corners counter-clockwise from −y, and a triangle.
QUAD = [(0, 0, 0), (2, 0, 0), (2, 0, 2), (0, 0, 2)]
RED, GREEN, BLUE = (1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)
WHITE = (1.0, 1, 1)


def colours_of(content, suffix, materials=b""):
    content = content.encode() if isinstance(content, str) else content
    resource = lambda name: materials  # noqa: E731
    mesh = read_mesh(content, suffix, up="z", resource=resource, colours=True)
    plain = read_mesh(content, suffix, up="z", resource=resource)
    np.testing.assert_array_equal(mesh.vertices, plain.vertices)
    np.testing.assert_array_equal(mesh.faces, plain.faces)
    assert not plain.face_attributes
    return mesh.face_attributes.get(FACE_COLOURS)


def ply(vertex="", face="", rows=("",) * 4, own=("", ""), format="ascii"):
    """Two triangles, whose vertices and faces may have colours of these types."""
    names = ("red", "green", "blue")
    lines = [f"{x} {y} {z}{row}" for (x, y, z), row in zip(QUAD, rows, strict=True)]
    header = [
        *("ply", f"format {format} 1.0", "element vertex 4"),
        *(f"property float {axis}" for axis in "xyz"),
        *(f"property {vertex} {name}" for name in names if vertex),
        *("element face 2", "property list uchar int vertex_indices"),
        *(f"property {face} {name}" for name in names if face),
    ]
    faces = [f"3 0 1 2{own[0]}", f"3 0 2 3{own[1]}", ""]
    return "\n".join([*header, "end_header", *lines, *faces])


def test_grey_levels_are_pillows():
    levels = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    expected = np.asarray(Image.fromarray(levels).convert("L"))
    np.testing.assert_array_equal(luma(levels), expected)
    grey = levels[..., :1]
    np.testing.assert_array_equal(luma(grey), grey[..., 0])
    np.testing.assert_array_equal(luma(np.repeat(grey, 3, -1)), grey[..., 0])


@pytest.mark.parametrize("kind, white", [("uchar", "255"), ("ushort", "65535")])
def test_vertices_of_ply(kind, white):
    rows = (f" {white} 0 0", f" 0 {white} 0", f" 0 0 {white}", f" {white} {white} 0")
    found = colours_of(ply(kind, rows=rows), ".ply")
    yellow = (1, 1, 0)
    np.testing.assert_array_equal(found, [[RED, GREEN, BLUE], [RED, BLUE, yellow]])


@pytest.mark.parametrize("kind", ["short", "int", "uint", "int64"])
def test_integers_of_ply_have_255_as_white(kind):
    rows = (" 255 0 0", " 0 255 0", " 0 0 255", " 51 0 0")
    found = colours_of(ply(kind, rows=rows), ".ply")
    dark = (0.2, 0, 0)
    np.testing.assert_allclose(found, [[RED, GREEN, BLUE], [RED, BLUE, dark]])
    found = colours_of(ply("", kind, own=(" 255.0 0 0", " 0 0 51")), ".ply")
    np.testing.assert_allclose(found, [[RED] * 3, [(0, 0, 0.2)] * 3])


def off(*colours):
    """Triangles of these colours."""
    corners = "\n".join(f"{x} {y} {z}" for x, y, z in QUAD)
    faces = "\n".join(f"3 0 1 2 {colour}" for colour in colours)
    return f"OFF\n4 {len(colours)} 0\n{corners}\n{faces}\n"


def obj(*colours):
    """Triangles of materials of these colours, and the file of these."""
    lines = ["mtllib a.mtl", *(f"v {x} {y} {z}" for x, y, z in QUAD)]
    lines += [f"usemtl {i}\nf 1 2 3" for i in range(len(colours))]
    materials = [f"newmtl {i}\nKd {colour}" for i, colour in enumerate(colours)]
    return "\n".join(lines), "\n".join(materials).encode()


def first_two(form, one, other):
    """The colours of a mesh that has these ones."""
    if form == "OFF":
        return colours_of(off(one, other), ".off")[:, 0]
    if form == "MTL":
        content, materials = obj(one, other)
        return colours_of(content, ".obj", materials)[:, 0]
    rows = [f" {one}", *(f" {other}" for _ in range(3))]
    if form == "PLY":
        return colours_of(ply("float", rows=rows), ".ply")[0, :2]
    lines = [f"v {x} {y} {z}{row}" for (x, y, z), row in zip(QUAD, rows, strict=True)]
    return colours_of("\n".join([*lines, "f 1 2 3"]), ".obj")[0, :2]


@pytest.mark.parametrize("form", ["PLY", "OBJ", "MTL", "OFF"])
def test_floats_are_shares_unless_far_above_1(form):
    """Then they are levels, of all the file."""
    light = first_two(form, "1.01 0.0 0.0", "0.0 2.0 0.5")
    np.testing.assert_array_equal(light, [RED, (0, 1, 0.5)])
    levels = first_two(form, "255.0 0.0 0.0", "0.0 51.0 0.51")
    np.testing.assert_allclose(levels, [RED, (0, 0.2, 0.002)])


def test_a_material_without_a_colour_is_white_beside_levels():
    content, materials = obj("255 0 0", "0 255 0")
    materials = materials.replace(b"Kd 0 255 0", b"Ns 4")
    found = colours_of(content, ".obj", materials)
    np.testing.assert_array_equal(found[:, 0], [RED, WHITE])


def test_vertices_of_ply_of_floats():
    rows = (" 1 0 0", " 0 1 0", " 0 0 0.25", " 0.5 0 0")
    (first, second) = colours_of(ply("float", rows=rows), ".ply")
    np.testing.assert_array_equal(first, [RED, GREEN, (0, 0, 0.25)])
    np.testing.assert_array_equal(second[2], (0.5, 0, 0))


def test_faces_of_ply_come_before_vertices():
    rows = (" 255 0 0",) * 4
    found = colours_of(ply("uchar", "uchar", rows, (" 0 0 255", " 0 51 0")), ".ply")
    np.testing.assert_allclose(found, [[BLUE] * 3, [(0, 0.2, 0)] * 3])
    assert colours_of(ply(), ".ply") is None


def test_vertices_of_binary_ply():
    header = ply("uchar", format="binary_little_endian").partition("end_header\n")[0]
    content = header.encode() + b"end_header\n"
    for corner, blue in zip(QUAD, (0, 51, 102, 255), strict=True):
        content += struct.pack("<3f3B", *corner, 0, 0, blue)
    content += struct.pack("<B3i", 3, 0, 1, 2) + struct.pack("<B3i", 3, 0, 2, 3)
    found = colours_of(content, ".ply")
    np.testing.assert_allclose(found[..., 2], [[0, 0.2, 0.4], [0, 0.4, 1]])


@pytest.mark.parametrize("green", ["0 255 0", "0 255 0 128", "0.0 1.0 0.0"])
def test_faces_of_off(green):
    """Polygons and triangles mixed; a face without a colour is white, as rendered."""
    corners = "\n".join(f"{x} {y} {z}" for x, y, z in QUAD)
    faces = f"4 0 1 2 3 {green}\n3 0 1 2\n3 0 2 3 0 0 51"
    found = colours_of(f"OFF\n4 3 0\n{corners}\n{faces}\n", ".off")
    expected = [WHITE, (0, 0, 0.2), GREEN, GREEN]  # triangles come first
    np.testing.assert_allclose(found, [[colour] * 3 for colour in expected])
    assert colours_of(f"OFF\n4 1 0\n{corners}\n4 0 1 2 3\n", ".off") is None


OBJ = """mtllib in here.mtl
v 0 0 0
v 2 0 0
v 2 0 2
v 0 0 2
f 1 2 3
usemtl dark red # 2
f 1 3 4
usemtl (null)
f 1 2 4
usemtl blue
f 1 2 3 4
"""


def test_materials_of_obj():
    """By their whole names; a face without one is white."""
    materials = b"# by hand\nnewmtl blue\nKa 1 1 1\nKd 0 0 1\nmap_Kd a.png\n"
    materials += b"newmtl dark red # 2\n Kd 0.5 0 0  # half\n"
    found = colours_of(OBJ, ".obj", materials)
    expected = [WHITE, (0.5, 0, 0), WHITE, BLUE, BLUE]
    np.testing.assert_array_equal(found, [[colour] * 3 for colour in expected])
    asked = []
    read_mesh(OBJ.encode(), ".obj", resource=asked.append)
    assert not asked  # for grey pictures


def test_keywords_of_materials_in_small_letters_and_capitals():
    content, _ = obj("", "")
    materials = b"NEWMTL 0\nkd 0 0 1\nnewmtl 1\nKD 1 0 0\n"
    found = colours_of(content, ".obj", materials)
    np.testing.assert_array_equal(found[:, 0], [BLUE, RED])


@pytest.mark.parametrize("before", ["", "usemtl\n", "usemtl (null)\n"])
def test_materials_of_no_face_leave_the_colours_of_vertices(before):
    lines = ["mtllib a.mtl", *(f"v {x} {y} {z} 0 1 0" for x, y, z in QUAD)]
    content = "\n".join([*lines, f"{before}f 1 2 3", "usemtl late"])
    np.testing.assert_array_equal(colours_of(content, ".obj"), [[GREEN] * 3])


def test_vertices_of_obj():
    colours = ["1 0 0", "0 1 0", "0 0 1", "0.5 0.5 0.5"]
    lines = [
        f"v {x} {y} {z} {colour}"
        for (x, y, z), colour in zip(QUAD, colours, strict=True)
    ]
    found = colours_of("\n".join([*lines, "f 1 2 3", "usemtl any", "f 2 3 4"]), ".obj")
    half = (0.5, 0.5, 0.5)
    np.testing.assert_array_equal(found, [[RED, GREEN, BLUE], [GREEN, BLUE, half]])


def test_materials_and_vertices_of_gltf():
    """Factors of light, times the colours of vertices, become sRGB."""
    file = Gltf()
    plain, factors = (file.primitive(QUAD[:3], [0, 1, 2]) for _ in range(2))
    levels = file.add(5121, [(255, 0, 51), (255, 255, 255), (0, 0, 0)])
    file.json["accessors"][levels]["normalized"] = True
    factors["attributes"]["COLOR_0"] = levels
    factors["material"] = 1
    factor = {"baseColorFactor": [1, 0.5, 0.5, 0.3]}
    file.json["materials"] = [{}, {"pbrMetallicRoughness": factor}]
    file.mesh(plain, factors)
    file.json["nodes"] = [{"mesh": 0}]
    found = colours_of(file.gltf(), ".gltf")
    # 0.5 of light is 0.7354 in sRGB, 0.1 is 0.3492.
    shown = [(1, 0, 0.3492), (1, 0.7354, 0.7354), (0, 0, 0)]
    np.testing.assert_allclose(found, [[WHITE] * 3, shown], atol=1e-4)


def two_sided(colours):
    """A box whose triangles have these colours."""
    mesh = trimesh.creation.box((1, 1, 1))
    mesh.face_attributes[FACE_COLOURS] = np.broadcast_to(colours, (12, 3, 3)).copy()
    return mesh


def test_renders_are_the_grey_ones_times_the_colour():
    mesh, camera = two_sided((0.5, 1.0, 0.0)), Camera(2)
    options = (mesh, camera, 32, 1)  # rays a pixel: none is of an edge and half white
    grey, colour = render_views(*options), render_views(*options, colours=True)
    assert grey.shape == (2, 32, 32) and colour.shape == (2, 32, 32, 3)
    np.testing.assert_array_equal(colour[..., 1], grey)
    whole = grey < 255
    np.testing.assert_allclose(colour[whole][:, 0], 0.5 * grey[whole], atol=0.51)
    assert (colour[whole][:, 2] == 0).all() and (colour[~whole] == 255).all()
    del mesh.face_attributes[FACE_COLOURS]
    plain = render_views(*options, colours=True)
    np.testing.assert_array_equal(plain, np.repeat(grey[..., None], 3, -1))


def test_colours_of_vertices_run_into_each_other():
    """On a quad from black to white along x, after a turn of the file's axes."""
    shares = [(0, 0, 0), (1, 1, 1), (1, 1, 1), (0, 0, 0)]
    rows = [f" {r} {g} {b}" for r, g, b in shares]
    mesh = read_mesh(ply("float", rows=rows).encode(), ".ply", colours=True)
    back = turn_mesh(turn_mesh(mesh, find_turn(".obj", "y")), find_turn(".obj", "y").T)
    front = ViewCamera(0.0, 0.0)
    grey, colour = (
        render_from(back, [front], 64, 1, colours=wanted)[0] for wanted in (False, True)
    )
    row = np.flatnonzero(grey[32] < 255)
    share = colour[32, row, 0] / grey[32, row]
    expected = (row - row[0] + 0.5) / len(row)
    np.testing.assert_allclose(share, expected, atol=0.02)
