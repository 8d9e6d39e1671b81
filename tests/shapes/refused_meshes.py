"""Meshes that are refused: content, suffix, and what the sentence holds."""

import json

from tests.shapes.binary_writers import Gltf
from tests.shapes.refused_grids import BINVOX, LFS, matlab

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"
OFF = "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
PLY = (
    "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
    "property float z\nelement face 1\nproperty list uchar int vertex_indices\n"
    "end_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
)
BINARY_PLY = PLY.partition("0 0 0\n")[0].replace("ascii", "binary_little_endian")
STL = (
    "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\n"
    "vertex 0 1 0\nendloop\nendfacet\nendsolid a\n"
)
PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\0"
CORNERS = [(0, 0, 0), (1, 0, 0), (0, 1, 0)]
COMB = [(i, 10_000 if i % 2 else i % 7) for i in range(20_002)]


def gltf(change=lambda file: None, **fields):
    """A triangle, changed."""
    file = Gltf()
    file.mesh(file.primitive(CORNERS, [0, 1, 2]))
    file.json["nodes"] = [{"mesh": 0}]
    file.json |= fields
    change(file.json)
    return file.gltf()


def changed(*keys, **fields):
    """`gltf` with fields added where these keys lead."""

    def change(document):
        for key in keys:
            document = document[key]
        document |= fields

    return gltf(change)


def draco_without_a_copy():
    document = json.loads(gltf())
    del document["accessors"][0]["bufferView"]
    (primitive,) = document["meshes"][0]["primitives"]
    primitive["extensions"] = {"KHR_draco_mesh_compression": {"bufferView": 0}}
    return json.dumps(document)


def without_a_buffer(*extensions):
    document = json.loads(gltf())
    del document["buffers"][0]["uri"]
    document["bufferViews"][1]["extensions"] = {key: {} for key in extensions}
    return json.dumps(document)


def many_instances():
    file = Gltf()
    file.mesh(file.primitive(CORNERS * 5_700))
    place = file.add(5126, [(0, 0, 0)] * 2000)
    extension = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": place}}}
    file.json["nodes"] = [{"mesh": 0, "extensions": extension}]
    return file.gltf()


_DAMAGED = "cannot be read as {}: damaged or of another kind ("
MESHES = [
    ("", ".off", "the file is empty"),
    (" \n", ".obj", "the file is empty"),
    (OFF, ".fbx", ".fbx is not one of .off, .obj, .glb, .gltf, .ply, .stl"),
    # What is no mesh, or of another kind.
    (
        LFS,
        ".obj",
        "it is a Git LFS pointer, not the file; fetch that with git lfs pull",
    ),
    ("<!DOCTYPE html><html>", ".off", "it is a web page; download the file again"),
    ("\n<html>", ".stl", "it is a web page; download the file again"),
    ("PK\3\4", ".stl", "it is compressed (zip); unpack it first"),
    (b"\x1f\x8b\x08", ".ply", "it is compressed (gzip); unpack it first"),
    (b"7z\xbc\xaf", ".ply", "it is compressed (7z); unpack it first"),
    ("Rar!", ".ply", "it is compressed (rar); unpack it first"),
    ("BZh91AY", ".ply", "it is compressed (bzip2); unpack it first"),
    (b"\xfd7zXZ", ".ply", "it is compressed (xz); unpack it first"),
    ("Kaydara FBX", ".obj", "it is an FBX file; save it as glTF, in Blender say"),
    ("BLENDER-v300", ".glb", "it is a Blender file; save it as glTF there"),
    (PLY, ".stl", "it is a .ply file; rename it to end in .ply"),
    (OFF, ".obj", "it is a .off file; rename it to end in .off"),
    (STL, ".off", "it is a .stl file; rename it to end in .stl"),
    (b"glTF\2\0\0\0", ".obj", "it is a .glb file; rename it to end in .glb"),
    (BINVOX, ".off", "it is a .binvox file; rename it to end in .binvox"),
    (matlab(a=1), ".off", "it is a .mat file; rename it to end in .mat"),
    (PICTURE, ".off", "this is not a .off file: it is not text"),
    (PICTURE, ".stl", "there are no faces: the file is empty, cut short or of another"),
    (PICTURE, ".ply", "cannot be read as .ply: it does not begin with 'ply'"),
    (PICTURE, ".glb", _DAMAGED.format(".glb")),
    # Without a surface.
    (
        "OFF\n1 0 0\n0 0 0\n",
        ".off",
        "there are no faces, only 1 points: it is a point cl",
    ),
    ("# a\n", ".obj", "there are no faces: the file is empty, cut short or of another"),
    (
        SQUARE + "l 1 2",
        ".obj",
        "only 4 points: it is a point cloud, or lines, or cut sh",
    ),
    (PLY.replace("face 1", "face 0")[:-8], ".ply", "no faces, only 3 points"),
    (gltf(lambda json: json["meshes"][0]["primitives"].clear()), ".gltf", "no faces"),
    ("{}", ".gltf", "there are no faces"),
    (
        OFF.replace("1 0 0", "0 0 0").replace("0 1 0", "0 0 0"),
        ".off",
        "in a single poi",
    ),
    (
        OFF.replace("1 0 0", "1e308 0 0").replace("\n0 0 0", "\n-1e308 0 0"),
        ".off",
        "too",
    ),
    # Damaged numbers.
    (OFF.replace("1 0 0", "nan 0 0"), ".off", "the mesh has non-finite vertices"),
    (OFF.replace("1 0 0", "inf 0 0"), ".off", "the mesh has non-finite vertices"),
    (OFF.replace("1 0 0", "two 0 0"), ".off", _DAMAGED.format(".off")),
    (SQUARE + "v 0,5 1 0\nf 1 2 3", ".obj", _DAMAGED.format(".obj")),
    (OFF.replace("0 1 2", "0 1 3"), ".off", "a face refers to a vertex that is not th"),
    (OFF.replace("0 1 2", "0 1 -1"), ".off", "a face refers to a vertex that is not "),
    (SQUARE + "f 1 2 -5", ".obj", "a face refers to a vertex that is not there"),
    # OFF.
    ("hello", ".off", "this is not a .off file: it does not begin with OFF"),
    ("3 1 0\n0 0 0\n", ".off", "this is not a .off file: it does not begin with OFF"),
    (
        "OFF BINARY\n\0\0\0\1",
        ".off",
        "binary OFF is not read; save it as text, in Geom",
    ),
    ("nOFF\n5\n1 0 0\n", ".off", "its vertices have 5 coordinates, not 3"),
    ("OFF\n", ".off", "the .off file has no line with its counts after the header"),
    ("OFF\nsix 5 0\n", ".off", "the .off file has no line with its counts after the h"),
    (OFF[:-8], ".off", "the file is cut short: it holds 3 of 4 vertices and faces"),
    (
        OFF.replace("3 1 0", "99999999999 1 0"),
        ".off",
        "the file is cut short: it holds",
    ),
    (OFF[:-2], ".off", "a face is cut short: '3 0 1'"),
    (
        OFF + "3 0 1 2\n",
        ".off",
        "its counts announce 4 vertices and faces, but it holds",
    ),
    (
        OFF.replace("0 0\n0 1", "0 0 0 1"),
        ".off",
        "faces are not on a line each; save it",
    ),
    # OBJ.
    (
        SQUARE + "f 1 2 3\nf 1 2",
        ".obj",
        "the file is cut short: its last face is incom",
    ),
    (
        SQUARE + "f 1/1 2/1 3/",
        ".obj",
        "the file is cut short: its last face is incompl",
    ),
    (SQUARE + "f 1 2 x\nf 1 2 3", ".obj", "a face is damaged: '1 2 x'"),
    (SQUARE + "f 0 1 2", ".obj", "a face refers to vertex 0, but the first is 1"),
    (
        SQUARE + "cstype bspline\nsurf 0 1 0 1 1 2 3 4\n",
        ".obj",
        "free-form surface (surf",
    ),
    (
        SQUARE + "call other.obj\nf 1 2 3",
        ".obj",
        "it has the command call; save it aga",
    ),
    (
        SQUARE + "v 0 0 1 2\nf 1 2 3",
        ".obj",
        "a fourth coordinate, a weight, by which so",
    ),
    (
        "".join(f"v {x} {y} 0\n" for x, y in COMB)
        + f"f {' '.join(map(str, range(1, len(COMB) + 1)))}",
        ".obj",
        "a concave face has 20,002 corners, and 20,000 are read; triangulate it",
    ),
    # PLY.
    (PLY[:60], ".ply", "the file is cut short: its header has no end"),
    (
        PLY.replace("ascii", "text"),
        ".ply",
        "its header has a line 'format text 1.0', w",
    ),
    (PLY.replace("format ascii 1.0\n", ""), ".ply", "its header names no format"),
    (
        PLY.replace("float x", "real x"),
        ".ply",
        "its header has a type 'real', which is",
    ),
    (
        PLY.replace("float y", "float x"),
        ".ply",
        "element vertex has two properties call",
    ),
    (
        PLY.replace("element vertex", "element point"),
        ".ply",
        "it has no element called ",
    ),
    (PLY.replace("float x", "float u"), ".ply", "its vertex element has no x"),
    (PLY.replace("vertex_indices", "v"), ".ply", "no vertex_indices or vertex_index"),
    (PLY[:-8], ".ply", "the file is cut short: it holds 3 of 4 lines"),
    (
        PLY + "3 0 1 2\n",
        ".ply",
        "its header announces 4 lines, but it holds 5; save it",
    ),
    (PLY[:-2], ".ply", "a face has too few numbers: '3 0 1'"),
    (PLY[:-1] + " 3", ".ply", "a face has too many numbers: '3 0 1 2 3'"),
    (PLY.replace("0 0 0", "0 0 0 0"), ".ply", _DAMAGED.format(".ply")),
    (
        PLY.replace(" 0\n", " 0 9\n"),
        ".ply",
        "a vertex has 4 numbers, but the header announces 3; save it again",
    ),
    (
        BINARY_PLY + "\0" * 36 + "\3\0\0",
        ".ply",
        "cut short or damaged, in its face element",
    ),
    (
        PLY.replace("element face 1", "element range_grid 1"),
        ".ply",
        "it is a range scan (range_grid), which has no faces; make a surface of it",
    ),
    # STL.
    (bytes(80) + b"\2\0\0\0" + bytes(50), ".stl", "or no STL: it holds 1 of 2 triangl"),
    (
        bytes(84) + bytes(50),
        ".stl",
        "its header announces 0 triangles, but more bytes ",
    ),
    (STL[:-12], ".stl", "the file is cut short: its last solid has no end"),
    (
        STL.replace("vertex 1 0 0", "vertex 1 0"),
        ".stl",
        "a facet is damaged: 'vertex 0",
    ),
    (STL.replace("outer loop", "loop"), ".stl", "damaged: it has no loop of vertices"),
    # glTF.
    ('{"asset": {"ver', ".gltf", _DAMAGED.format(".gltf")),
    (
        gltf(asset={"version": "1.0"}),
        ".gltf",
        "it is glTF 1.0, and 2.0 is read; conver",
    ),
    (b"glTF\1\0\0\0" + bytes(12), ".glb", "it is glTF 1, and 2.0 is read; convert it"),
    (b"glTF\2\0\0\0\x99\0\0\0", ".glb", "the file is cut short: it holds 12 of 153 by"),
    (
        gltf(extensionsRequired=["KHR_draco_mesh_compression"]),
        ".gltf",
        "KHR_draco_mesh_compression is not read; save it without compression",
    ),
    (
        draco_without_a_copy(),
        ".gltf",
        "KHR_draco_mesh_compression is not read; save it",
    ),
    (
        without_a_buffer("EXT_meshopt_compression"),
        ".gltf",
        "EXT_meshopt_compression is not read; save it without compression",
    ),
    (without_a_buffer(), ".gltf", "buffer 0 has no content"),
    (
        gltf(extensionsRequired=["ACME_spheres"]),
        ".gltf",
        "it requires the extension ACME_spheres, which is not read; save it without",
    ),
    (
        changed("nodes", 0, skin=0),
        ".gltf",
        "a skeleton poses its mesh (skin), which is ",
    ),
    (
        changed("nodes", 0, children=[0]),
        ".gltf",
        "node 0 is in two places of the hiera",
    ),
    (
        changed("accessors", 0, count=1 << 40),
        ".gltf",
        "accessor 0 claims 1,099,511,627",
    ),
    (
        changed("accessors", 0, count=4),
        ".gltf",
        "buffer view 0 holds fewer numbers than",
    ),
    (changed("bufferViews", 0, byteStride=4), ".gltf", "buffer view 0 is damaged"),
    (changed("accessors", 1, byteOffset=-2), ".gltf", "buffer view 1 is damaged"),
    (
        gltf().replace(b'"byteLength": 42', b'"byteLength": 99'),
        ".gltf",
        "the file is cut short: buffer 0 holds 42 of 99 bytes",
    ),
    (
        gltf().replace(b"data:", b"a.bin?"),
        ".gltf",
        "it refers to another file, a.bin?application/octet-stream;base64,",
    ),
    (
        changed("meshes", 0, "primitives", 0, mode=7),
        ".gltf",
        "the mode 7, which is unk",
    ),
    (
        many_instances(),
        ".gltf",
        "it unfolds to more than 33,554,432 vertices or triang",
    ),
    (
        changed("accessors", 0, count=2),
        ".gltf",
        "a face refers to a vertex that is not",
    ),
]
