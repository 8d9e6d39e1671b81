"""glTF 2.0 (https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html)."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from trimesh.transformations import quaternion_matrix

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.mesh_readers.colours import WHITE, from_linear
from vaegan_jax.shapes.mesh_readers.gltf_accessors import Accessors
from vaegan_jax.shapes.mesh_readers.polygons import Polygons

_MAGIC = b"glTF"
_JSON, _BINARY = b"JSON", b"BIN\0"
_TRIANGLES, _STRIP, _FAN = 4, 5, 6  # modes of primitives; lower ones are points, lines
_FLOAT = 5126  # type of an accessor's components
_DRACO = "KHR_draco_mesh_compression"
_INSTANCING = "EXT_mesh_gpu_instancing"
# Extensions that a reader of positions need know no more of than this.
_HARMLESS = re.compile(
    "KHR_mesh_quantization|KHR_node_visibility|KHR_animation_pointer|KHR_xmp.*|"
    f"{_INSTANCING}|"
    "(KHR|EXT|MSFT|ADOBE)_(materials|texture|lights)_.*|KHR_techniques_webgl"
)
_MOST = 1 << 25  # vertices and triangles: few bytes can put one mesh in many places


def read_gltf(
    content: bytes,
    resource: Callable[[str], bytes] | None = None,
    colours: bool = False,
) -> Polygons:
    """Reads the triangles of the scene that a glTF file shows first, all as one mesh.

    Node hierarchies, instances and morph targets at their stored weights are put where
    they belong. Points, lines and animations are left out.

    Args:
      content: JSON or, of a `.glb`, binary.
      resource: gives the content of another file that it refers to.
      colours: read those of vertices and of materials, which are multiplied, too.

    Raises:
      UserError: for glTF 1.0, compressed meshes, skeletons, unknown extensions that the
        file requires, and damaged files.
      LookupError, TypeError, ValueError: for some kinds of damage.
    """
    document, binary = _split(content)
    _check_version(document)
    _check_extensions(document)
    accessors = Accessors(document, binary, resource)
    vertices, faces, num_vertices, num_triangles = [np.zeros((0, 3))], [], 0, 0
    shares = [np.zeros((0, 3))]
    for node, matrix in _nodes(document):
        places = [matrix @ place for place in _instances(accessors, node)]
        for primitive, points, triangles in _primitives(document, accessors, node):
            num_triangles += len(places) * len(triangles)
            if max(num_vertices + len(places) * len(points), num_triangles) > _MOST:
                raise UserError(
                    f"it unfolds to more than {_MOST:,} vertices or triangles; "
                    "simplify it"
                )
            if colours:
                own = _colours(document, accessors, primitive, len(points))
                shares += [own] * len(places)
            for place in places:
                vertices.append(points @ place[:3, :3].T + place[:3, 3])
                turned = triangles[:, ::-1] if np.linalg.det(place) < 0 else triangles
                faces.append(turned + num_vertices)
                num_vertices += len(points)
    found = np.concatenate(shares) if colours else None
    return Polygons(np.concatenate(vertices), faces, vertex_colours=found)


def _split(content: bytes) -> tuple[dict[str, Any], bytes | None]:
    """The JSON, and the binary chunk if there is one."""
    if not content.startswith(_MAGIC):
        return json.loads(content.decode("utf-8-sig")), None
    version = int.from_bytes(content[4:8], "little")
    if version != 2:
        raise UserError(_old(version))
    if len(content) < int.from_bytes(content[8:12], "little"):
        raise UserError(
            f"the file is cut short: it holds {len(content):,} of "
            f"{int.from_bytes(content[8:12], 'little'):,} bytes"
        )
    chunks, position = {}, 12
    while position + 8 <= len(content):
        length = int.from_bytes(content[position : position + 4], "little")
        kind = content[position + 4 : position + 8]
        position += 8 + length
        chunks.setdefault(kind, content[position - length : position])
    return json.loads(chunks[_JSON].decode("utf-8-sig")), chunks.get(_BINARY)


def _check_version(document: dict[str, Any]) -> None:
    asset = document.get("asset", {})
    major = str(asset.get("version", "2.0")).partition(".")[0]
    if major != "2" or asset.get("minVersion", "2.0") != "2.0":
        raise UserError(_old(asset.get("minVersion", asset["version"])))


def _old(version) -> str:
    return f"it is glTF {version}, and 2.0 is read; convert it, with gltf-pipeline say"


def _check_extensions(document: dict[str, Any]) -> None:
    for extension in document.get("extensionsRequired", ()):
        if extension.endswith("_compression"):
            raise UserError(f"{extension} is not read; save it without compression")
        if not _HARMLESS.fullmatch(extension):
            raise UserError(
                f"it requires the extension {extension}, which is not read; save it "
                "without, in Blender say"
            )


def _nodes(document: dict[str, Any]) -> Iterator[tuple[dict, Float[np.ndarray, "4 4"]]]:
    """The nodes of the first scene to show that have a mesh, and where they are."""
    nodes = document.get("nodes", [])
    if scenes := document.get("scenes"):
        roots = scenes[document.get("scene", 0)].get("nodes", [])
    else:  # a library of things: all of them
        children = {child for node in nodes for child in node.get("children", ())}
        roots = [i for i in range(len(nodes)) if i not in children]
    seen, waiting = set(), [(root, np.eye(4)) for root in reversed(roots)]
    while waiting:
        index, above = waiting.pop()
        if index in seen or index < 0:
            raise UserError(f"node {index} is in two places of the hierarchy")
        seen.add(index)
        node = nodes[index]
        visibility = node.get("extensions", {}).get("KHR_node_visibility", {})
        if not visibility.get("visible", True):
            continue
        matrix = above @ _local_matrix(node)
        if "mesh" in node:
            yield node, matrix
        waiting += [(child, matrix) for child in reversed(node.get("children", []))]


def _local_matrix(node: dict[str, Any]) -> Float[np.ndarray, "4 4"]:
    if "matrix" in node:
        return np.array(node["matrix"], float).reshape(4, 4).T  # columns come first
    return _compose(
        node.get("translation", (0, 0, 0)),
        node.get("rotation", (0, 0, 0, 1)),
        node.get("scale", (1, 1, 1)),
    )


def _compose(translation, quaternion, scale) -> Float[np.ndarray, "4 4"]:
    x, y, z, w = quaternion
    matrix = quaternion_matrix([w, x, y, z])
    matrix[:3, :3] *= np.array(scale, float)
    matrix[:3, 3] = translation
    return matrix


def _instances(accessors: Accessors, node) -> Iterator[Float[np.ndarray, "4 4"]]:
    """Where EXT_mesh_gpu_instancing puts a mesh, in the frame of its node."""
    instancing = node.get("extensions", {}).get(_INSTANCING)
    if instancing is None:
        yield np.eye(4)
        return
    given = {key: accessors.read(i) for key, i in instancing["attributes"].items()}
    count = len(next(iter(given.values())))
    standing = {
        "TRANSLATION": np.zeros((count, 3)),
        "ROTATION": np.tile([0.0, 0, 0, 1], (count, 1)),
        "SCALE": np.ones((count, 3)),
    }
    for parts in zip(*(given.get(k, v) for k, v in standing.items()), strict=True):
        yield _compose(*parts)


def _primitives(
    document: dict[str, Any], accessors: Accessors, node: dict[str, Any]
) -> Iterator[tuple[dict, Float[np.ndarray, "v 3"], Int[np.ndarray, "t 3"]]]:
    """The primitives of the mesh of a node, with their points and triangles."""
    if "skin" in node:
        raise UserError(
            "a skeleton poses its mesh (skin), which is not read; apply the armature, "
            "in Blender say, and save it without"
        )
    mesh = document["meshes"][node["mesh"]]
    for primitive in mesh["primitives"]:
        mode = primitive.get("mode", _TRIANGLES)
        if mode < _TRIANGLES:
            continue
        if "indices" in primitive:
            corners = accessors.read(primitive["indices"])[:, 0].astype(np.int64)
        points = _positions(document, accessors, primitive)
        weights = node.get("weights", mesh.get("weights", ()))
        for weight, target in zip(weights, primitive.get("targets", ()), strict=False):
            if weight and "POSITION" in target:
                points = points + weight * accessors.read(target["POSITION"])
        if "indices" not in primitive:
            corners = np.arange(len(points))
        if corners.size and corners.max() >= len(points):
            raise UserError("a face refers to a vertex that is not there")
        yield primitive, points, _triangles(corners, mode)


def _colours(
    document: dict[str, Any], accessors: Accessors, primitive: dict[str, Any], count
) -> Float[np.ndarray, "v 3"]:
    """Of the points of a primitive."""
    material = {}
    if "material" in primitive:
        material = _referred(document, "material", primitive["material"])
    look = material.get("pbrMetallicRoughness", {})
    factor = look.get("baseColorFactor", (*WHITE, 1))
    if len(factor) != 4:
        raise UserError(
            f"a material's baseColorFactor has {len(factor)} numbers, not 4"
        )
    shares = np.tile(np.array(factor[:3], float), (count, 1))
    if "COLOR_0" in primitive["attributes"]:
        index = primitive["attributes"]["COLOR_0"]
        shares = shares * _vertex_colours(document, accessors, index, count)
    return from_linear(shares)


def _vertex_colours(
    document: dict[str, Any], accessors: Accessors, index: int, count: int
) -> Float[np.ndarray, "v 3"]:
    """Of light, of so many vertices."""
    accessor = _referred(document, "accessor", index)
    shares = accessor["componentType"] == _FLOAT or accessor.get("normalized")
    if accessor["type"] not in ("VEC3", "VEC4") or not shares:
        raise UserError(
            "its colours (COLOR_0) are not VEC3 or VEC4 of floats or normalized "
            "integers; save it again, in Blender say"
        )
    if accessor["count"] != count:
        raise UserError(
            f"its colours (COLOR_0) are of {accessor['count']:,} vertices, but a "
            f"primitive has {count:,}; save it again, in Blender say"
        )
    return accessors.read(index)[:, :3]


def _referred(document: dict[str, Any], kind: str, index: int) -> dict[str, Any]:
    """One of the things of a kind; Python would count from the end, too."""
    things = document.get(f"{kind}s", [])
    if not 0 <= index < len(things):
        raise UserError(f"a primitive refers to {kind} {index}, which is not there")
    return things[index]


def _positions(
    document: dict[str, Any], accessors: Accessors, primitive: dict[str, Any]
) -> Float[np.ndarray, "v 3"]:
    index = primitive["attributes"]["POSITION"]
    compressed = _DRACO in primitive.get("extensions", {})
    if compressed and "bufferView" not in document["accessors"][index]:
        raise UserError(f"{_DRACO} is not read; save it without compression")
    return accessors.read(index).astype(float)


def _triangles(corners: Int[np.ndarray, " n"], mode: int) -> Int[np.ndarray, "t 3"]:
    if mode == _TRIANGLES:
        return corners.reshape(-1, 3)
    if len(corners) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == _FAN:
        first = np.full(len(corners) - 2, corners[0])
        return np.stack([first, corners[1:-1], corners[2:]], axis=1)
    if mode != _STRIP:
        raise UserError(f"a primitive has the mode {mode}, which is unknown")
    triangles = np.stack([corners[:-2], corners[1:-1], corners[2:]], axis=1)
    triangles[1::2] = triangles[1::2, ::-1]
    return triangles
