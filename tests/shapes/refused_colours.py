"""Meshes that are refused if their colours are wanted, and read otherwise.

Content, suffix, what a file of materials holds or None if it is not there, and what the
sentence holds.
"""

from tests.shapes.binary_writers import Gltf
from tests.shapes.refused_meshes import CORNERS, OFF, PLY, SQUARE


def coloured_ply(level, kind="uchar", green=None, face=False):
    """`PLY` with colours of its vertices, or of its face."""
    kinds = {"red": kind, "green": green or kind, "blue": kind}
    own = "".join(f"property {kind} {name}\n" for name, kind in kinds.items())
    before = "end_header" if face else "element face"
    header, rows = PLY.replace(before, own + before).split("end_header\n")
    vertices, corners = rows.split("3 0 1 2")
    if face:
        corners = f" {level} 0 0" + corners
    else:
        vertices = vertices.replace("\n", f" {level} 0 0\n")
    return f"{header}end_header\n{vertices}3 0 1 2{corners}"


def coloured_gltf(levels=None, kind=5126, material=None, factor=(1, 1, 1, 1)):
    """A triangle with colours of vertices, or their accessor, and a material."""
    file = Gltf()
    primitive = file.primitive(CORNERS, [0, 1, 2])
    if isinstance(levels, list):
        levels = file.add(kind, levels)
    if levels is not None:
        primitive["attributes"]["COLOR_0"] = levels
    if material is not None:
        primitive["material"] = material
    factors = {"baseColorFactor": list(factor)}
    file.json["materials"] = [{"pbrMetallicRoughness": factors}]
    file.json["nodes"] = [{"mesh": file.mesh(primitive)}]
    return file.gltf()


_OBJ = "mtllib a.mtl\nusemtl b\n" + SQUARE + "f 1 2 3\n"
COLOURED = [
    (_OBJ, ".obj", None, "it refers to another file, a.mtl, which is not there"),
    (_OBJ, ".obj", "newmtl b\nKd 1 0\n", "colour Kd of its material 'b' is not three"),
    (_OBJ, ".obj", b"\0newmtl", "this is not a .mtl file: it is not text"),
    *(
        (
            content,
            ".obj",
            materials,
            "its material 'b' is not in a.mtl; save both again",
        )
        for content, materials in [
            (_OBJ, "newmtl B\nKd 1 0 0\n"),
            (_OBJ, b"\xff\xfen\x80"),  # as UTF-16 begins
            (_OBJ, b"\x89PNG"),
            (_OBJ, ""),
            (_OBJ.replace(" 0\n", " 0 1 0 0\n"), ""),  # not even by those of vertices
        ]
    ),
    *(
        (
            coloured_ply(level, kind, face=face),
            ".ply",
            None,
            f"of a {'face' if face else 'vertex'} is {level}, but its type takes whole "
            f"numbers of 0 to {white}",
        )
        for level, kind, white in [
            ("300", "uchar", 255),
            ("-1", "uchar", 255),
            ("0.5", "uchar", 255),
            ("nan", "uchar", 255),
            ("256", "uint", 255),
            ("-1", "int", 255),
            ("128", "char", 127),
            ("65536", "ushort", 65535),
        ]
        for face in (False, True)
    ),
    (coloured_ply(0, green="float"), ".ply", None, "element are lists or of various"),
    (coloured_ply("1 0", "list uchar uchar"), ".ply", None, "blue of its vertex elem"),
    (OFF.replace("3 0 1 2", "3 0 1 2 7"), ".off", None, "a face has the number of a"),
    (
        OFF.replace("3 0 1 2", "3 0 1 2 nan 0.5 0.5"),
        ".off",
        None,
        "the mesh has colours that are not finite",
    ),
    *(
        (coloured_gltf(**fields), ".gltf", None, sentence)
        for fields, sentence in [
            (
                {"levels": [(1, 0, 0)]},
                "(COLOR_0) are of 1 vertices, but a primitive has 3",
            ),
            ({"levels": [(1, 0, 0)] * 4}, "are of 4 vertices, but a primitive has 3"),
            (
                {"levels": [(1,)] * 3},
                "(COLOR_0) are not VEC3 or VEC4 of floats or norm",
            ),
            (
                {"levels": [(255, 0, 0)] * 3, "kind": 5121},
                "of floats or normalized int",
            ),
            ({"levels": -1}, "a primitive refers to accessor -1, which is not there"),
            ({"levels": 9}, "a primitive refers to accessor 9, which is not there"),
            ({"material": -1}, "a primitive refers to material -1, which is not there"),
            ({"material": 1}, "a primitive refers to material 1, which is not there"),
            ({"material": 0, "factor": (1,)}, "baseColorFactor has 1 numbers, not 4"),
        ]
    ),
]
