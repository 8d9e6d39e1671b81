"""Binary mesh files and glTF in many forms; as `text_writers`."""

import base64
import itertools
import json
import struct


def _ply(vertices, faces, order="<", count="B", index="i", extra=False, tail=b""):
    names = {"B": "uchar", "H": "ushort", "i": "int", "I": "uint"}
    kind = {"<": "binary_little_endian", ">": "binary_big_endian"}[order]
    lines = ["ply", f"format {kind} 1.0", f"element vertex {len(vertices)}"]
    lines += ["property float x", "property float y", "property float z"]
    if extra:  # and an element between
        lines += ["property uchar red", "element note 2"]
        lines += ["property list uchar uchar text", f"element face {len(faces)}"]
        lines += ["property uchar flags", "property list uchar float texcoord"]
    else:
        lines += [f"element face {len(faces)}"]
    lines += [f"property list {names[count]} {names[index]} vertex_indices"]
    body = b""
    for vertex in vertices:
        body += struct.pack(order + "fff", *vertex) + b"\xff" * extra
    if extra:
        body += b"\x05chair" + b"\x00"
    for face in faces:
        if extra:
            uv = [0.5] * len(face)
            body += struct.pack(f"{order}BB{len(face)}f", 7, len(face), *uv)
        body += struct.pack(f"{order}{count}{len(face)}{index}", len(face), *face)
    return "\n".join([*lines, "end_header\n"]).encode() + body + tail


def _ply_strips(vertices, faces):
    """All triangles as strips of three in one list, as Stanford's archive has them."""
    strip = [*faces[0], *itertools.chain.from_iterable((-1, *f) for f in faces[1:])]
    header = (
        f"ply\nformat binary_big_endian 1.0\nelement vertex {len(vertices)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        "element tristrips 1\nproperty list int int vertex_indices\nend_header\n"
    )
    body = b"".join(struct.pack(">fff", *vertex) for vertex in vertices)
    body += struct.pack(f">{len(strip) + 1}i", len(strip), *strip)
    return header.encode() + body


def _stl(vertices, faces, header=b"made by hand", tail=b""):
    body = b"".join(
        struct.pack("<12fH", 0, 0, 0, *itertools.chain(*(vertices[i] for i in face)), 1)
        for face in faces
    )
    return header.ljust(80) + struct.pack("<I", len(faces)) + body + tail


_CODES = {5120: "b", 5121: "B", 5122: "h", 5123: "H", 5125: "I", 5126: "f"}


class Gltf:
    """A glTF file that grows: `add` puts numbers into its only buffer."""

    def __init__(self):
        self.data = b""
        self.json = {
            "asset": {"version": "2.0"},
            "accessors": [],
            "bufferViews": [],
            "meshes": [],
            "nodes": [],
            "scenes": [{"nodes": [0]}],
        }

    def view(self, kind, rows, gap=0, offset=0):
        """The index of a view of rows of numbers, with gaps between them."""
        self.data += bytes(-len(self.data) % 4)
        start = len(self.data)
        self.data += bytes(offset)
        for row in rows:
            self.data += struct.pack(f"<{len(row)}{_CODES[kind]}", *row)
            self.data += bytes(gap)
        view = {"buffer": 0, "byteOffset": start, "byteLength": len(self.data) - start}
        if gap:
            size = struct.calcsize(_CODES[kind]) * len(rows[0])
            view["byteStride"] = size + gap
        self.json["bufferViews"].append(view)
        return len(self.json["bufferViews"]) - 1

    def add(self, kind, rows, gap=0, offset=0, **fields):
        """The index of an accessor to rows of numbers."""
        columns = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}[len(rows[0])]
        view = self.view(kind, rows, gap, offset)
        accessor = {"bufferView": view, "byteOffset": offset, "componentType": kind}
        accessor |= {"type": columns, "count": len(rows), **fields}
        self.json["accessors"].append(accessor)
        return len(self.json["accessors"]) - 1

    def primitive(self, vertices, corners=None, kind=5123, **fields):
        position = self.add(5126, vertices)
        made = {"attributes": {"POSITION": position}, **fields}
        if corners is not None:
            made["indices"] = self.add(kind, [[corner] for corner in corners])
        return made

    def mesh(self, *primitives, **fields):
        self.json["meshes"].append({"primitives": list(primitives), **fields})
        return len(self.json["meshes"]) - 1

    def glb(self):
        document = self.json | {"buffers": [{"byteLength": len(self.data)}]}
        text = json.dumps(document).encode()
        text += b" " * (-len(text) % 4)
        data = self.data + bytes(-len(self.data) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text
        chunks += struct.pack("<I4s", len(data), b"BIN\0") + data
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

    def gltf(self):
        uri = "data:application/octet-stream;base64,"
        uri += base64.b64encode(self.data).decode()
        buffers = [{"byteLength": len(self.data), "uri": uri}]
        return json.dumps(self.json | {"buffers": buffers}).encode()


def _corners(faces):
    return list(itertools.chain.from_iterable(faces))


def _indexed(vertices, faces, kind=5123, whole=Gltf.glb):
    file = Gltf()
    mesh = file.mesh(file.primitive(vertices, _corners(faces), kind))
    file.json["nodes"] = [{"mesh": mesh}]
    return whole(file)


def _unindexed(vertices, faces):
    file = Gltf()
    mesh = file.mesh(file.primitive([vertices[i] for i in _corners(faces)]))
    file.json |= {"nodes": [{"mesh": mesh}]}
    del file.json["scenes"]
    return file.gltf()


def _strided(vertices, faces):
    file = Gltf()
    position = file.add(5126, vertices, gap=8, offset=12)
    indices = file.add(5125, [[i] for i in _corners(faces)], offset=4)
    mesh = file.mesh({"attributes": {"POSITION": position}, "indices": indices})
    file.json["nodes"] = [{"mesh": mesh}]
    return file.glb()


def _sparse(vertices, faces):
    """Every second vertex is replaced; without a view the others are the origin."""
    file = Gltf()
    changed = list(range(0, len(vertices), 2))
    rows = [(9, 9, 9) if i in changed else v for i, v in enumerate(vertices)]
    position = file.add(5126, rows)
    file.json["accessors"][position]["sparse"] = {
        "count": len(changed),
        "indices": {
            "bufferView": file.view(5121, [[i] for i in changed]),
            "componentType": 5121,
        },
        "values": {"bufferView": file.view(5126, [vertices[i] for i in changed])},
    }
    indices = file.add(5123, [[i] for i in _corners(faces)])
    mesh = file.mesh({"attributes": {"POSITION": position}, "indices": indices})
    file.json["nodes"] = [{"mesh": mesh}]
    return file.glb()


def _strips_and_fans(vertices, faces):
    file = Gltf()
    half = len(faces) // 2
    strips = [file.primitive(vertices, face, mode=5) for face in faces[:half]]
    fans = [file.primitive(vertices, face, mode=6) for face in faces[half:]]
    others = [file.primitive([(9, 9, 9)] * 4, [0, 1, 2, 3], mode=m) for m in range(4)]
    mesh = file.mesh(*others, *strips, *fans)
    file.json["nodes"] = [{"mesh": mesh}]
    return file.glb()


def _quantized(vertices, faces):
    """Sixty-fourths as whole numbers, the last of them normalised."""
    file = Gltf()
    file.json["extensionsRequired"] = ["KHR_mesh_quantization"]
    rows = [[round(64 * x) for x in vertex] for vertex in vertices]
    half = len(faces) // 2
    nodes = []
    for some, scale, normalized in (
        (faces[:half], 1 / 64, False),
        (faces[half:], 32767 / 64, True),
    ):
        position = file.add(5122, rows, gap=2, normalized=normalized)
        indices = file.add(5123, [[i] for i in _corners(some)])
        mesh = file.mesh({"attributes": {"POSITION": position}, "indices": indices})
        nodes.append({"mesh": mesh, "scale": [scale] * 3})
    file.json |= {"nodes": nodes, "scenes": [{"nodes": [0, 1]}]}
    return file.glb()


def _hierarchy(vertices, faces):
    """A mirror, a quarter turn about z, a shift and a scale that undo each other.

    Half of the faces are below all that, the others below nothing.
    """
    file = Gltf()
    turned = [(2 * x, y, -z) for x, y, z in vertices]
    far = file.mesh(file.primitive(turned, _corners(faces[::2])))
    plain = file.mesh(file.primitive(vertices, _corners(faces[1::2])))
    turn = [0, 0, 0.5**0.5, 0.5**0.5]  # x becomes y
    back = [0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 4, 0, 1]  # columns first
    file.json["nodes"] = [
        {"children": [1], "matrix": back},
        {"children": [2], "rotation": turn, "translation": [4, 0, 0]},
        {"mesh": far, "scale": [0.5, 1, -1]},
        {"mesh": plain},
    ]
    file.json["scenes"] = [{"nodes": [0, 3]}]
    return file.glb()


def _several_scenes(vertices, faces):
    file = Gltf()
    other = file.mesh(file.primitive([(9, 9, 9), (8, 9, 9), (9, 8, 9)], [0, 1, 2]))
    hidden = {"KHR_node_visibility": {"visible": False}}
    mesh = file.mesh(file.primitive(vertices, _corners(faces)))
    file.json["nodes"] = [
        {"mesh": other},
        {"children": [2], "extensions": hidden},
        {"mesh": other},
        {"mesh": mesh},
    ]
    file.json["scenes"] = [{"nodes": [0]}, {"nodes": [1, 3]}]
    file.json["scene"] = 1
    return file.glb()


def _instanced(vertices, faces):
    """Half of the faces at each of two instances, scaled and shifted back."""
    file = Gltf()
    nodes = []
    for some in (faces[::2], faces[1::2]):
        moved = [(x / 2 + 1, y / 2, z / 2) for x, y, z in vertices]
        mesh = file.mesh(file.primitive(moved, _corners(some)))
        attributes = {
            "TRANSLATION": file.add(5126, [(-2, 0, 0)] * 2),
            "SCALE": file.add(5126, [(2, 2, 2)] * 2),
            "ROTATION": file.add(5122, [(0, 0, 0, 32767)] * 2, normalized=True),
        }
        extension = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}
        nodes.append({"mesh": mesh, "extensions": extension})
    file.json |= {"nodes": nodes, "scenes": [{"nodes": [0, 1]}]}
    return file.glb()


def _morphed(vertices, faces):
    file = Gltf()
    primitive = file.primitive([(x - 1, y, z) for x, y, z in vertices], _corners(faces))
    primitive["targets"] = [
        {"POSITION": file.add(5126, [(4, 0, 0)] * len(vertices))},
        {"POSITION": file.add(5126, [(9, 9, 9)] * len(vertices))},
    ]
    mesh = file.mesh(primitive, weights=[0.25, 0])
    file.json["nodes"] = [{"mesh": mesh}]
    return file.glb()


def _compressed_with_a_fallback(vertices, faces):
    file = Gltf()
    primitive = file.primitive(vertices, _corners(faces))
    primitive["extensions"] = {"KHR_draco_mesh_compression": {"bufferView": 0}}
    file.json["extensionsUsed"] = ["KHR_draco_mesh_compression"]
    file.json["nodes"] = [{"mesh": file.mesh(primitive)}]
    return file.glb()


def _with(write, **options):
    return lambda vertices, faces: write(vertices, faces, **options)


POLYGON_FORMS = {
    "PLY": (".ply", _ply),
    "PLY, big end first": (".ply", _with(_ply, order=">")),
    "PLY of other integers": (".ply", _with(_ply, count="H", index="I")),
    "PLY with more": (".ply", _with(_ply, extra=True)),
    "PLY with more, big end first": (".ply", _with(_ply, extra=True, order=">")),
    "PLY with bytes behind": (".ply", _with(_ply, tail=b"\n\0\0")),
}

TRIANGLE_FORMS = {
    "PLY of strips": (".ply", _ply_strips),
    "STL": (".stl", _stl),
    "STL that begins as text": (".stl", _with(_stl, header=b"solid chair")),
    "STL with bytes behind": (".stl", _with(_stl, header=b"solid", tail=b"\0" * 7)),
    "glTF, short indices": (".glb", _with(_indexed, kind=5121)),
    "glTF": (".glb", _indexed),
    "glTF, long indices": (".glb", _with(_indexed, kind=5125)),
    "glTF of text": (".gltf", _with(_indexed, whole=Gltf.gltf)),
    "glTF without indices": (".gltf", _unindexed),
    "glTF with strides": (".glb", _strided),
    "glTF, sparse": (".glb", _sparse),
    "glTF of strips and fans": (".glb", _strips_and_fans),
    "glTF, quantized": (".glb", _quantized),
    "glTF with a hierarchy": (".glb", _hierarchy),
    "glTF with several scenes": (".glb", _several_scenes),
    "glTF with instances": (".glb", _instanced),
    "glTF with morph targets": (".glb", _morphed),
    "glTF with a fallback": (".glb", _compressed_with_a_fallback),
}
