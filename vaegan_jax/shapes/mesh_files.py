"""Meshes from files: OFF, OBJ, glTF, PLY and STL, checked before anything uses them."""

import contextlib
import io
import json
import logging
import re
import warnings
from collections.abc import Callable

import numpy as np
import trimesh
from jaxtyping import Float, Int

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.orientation import find_turn, turn_mesh

MESH_SUFFIXES = (".off", ".obj", ".glb", ".gltf", ".ply", ".stl")
_BINARY_SUFFIXES = (".glb", ".ply", ".stl")  # that may be binary

_DANGLING_SLASHES = re.compile(rb"/+(?=\s|\Z)")  # some OBJ files have `f 1/ 2/ 4/`
_OFF_HEADER = re.compile(r"(?:ST|C|N)*OFF\b|(?:ST|C|N)*OFF(?=\d)", re.IGNORECASE)


def read_mesh(
    content: bytes,
    suffix: str,
    up: str | None = None,
    resource: Callable[[str], bytes] | None = None,
) -> trimesh.Trimesh:
    """Reads a mesh, turned so that z is up and its front is towards −y.

    All objects of a scene become one mesh. OFF headers may be joined with the counts
    (`OFF490 518 0`), as in ModelNet. Materials are not read.

    Args:
      content: of the file.
      suffix: that names its kind, one of `MESH_SUFFIXES`.
      up: "z" or "y", the axis of the file that is up, as `orientation.find_turn` takes
        it; None goes by the kind of file.
      resource: gives the content of another file that a `.gltf` refers to.

    Returns:
      Triangles, in units that leave the longest side between 0.5 and 1.

    Raises:
      UserError: if the file is damaged, empty, of another kind, or without a surface.
      MemoryError: if it needs more than there is.
    """
    suffix = suffix.lower()
    if suffix not in MESH_SUFFIXES:
        raise UserError(f"{suffix} is not one of {', '.join(MESH_SUFFIXES)}")
    if not content.strip():
        raise UserError("the file is empty")
    if suffix not in _BINARY_SUFFIXES and b"\0" in content[:4096]:
        raise UserError(f"this is not a {suffix} file: it is not text")
    try:
        with _quiet():
            mesh = _parse(content, suffix, resource)
    except (UserError, MemoryError):
        raise
    except Exception as error:  # what parsers raise for damaged files has no bounds
        raise UserError(
            f"cannot be read as {suffix}: damaged or of another kind ({_brief(error)})"
        ) from error
    _check(mesh)
    return turn_mesh(_scaled(mesh), find_turn(suffix, up))


def _parse(content: bytes, suffix: str, resource) -> trimesh.Trimesh:
    if suffix == ".off":
        # trimesh takes files that end early without a word.
        return trimesh.Trimesh(*_parse_off(content), process=False)
    if suffix == ".obj":
        _check_last_face(content)
        content = _DANGLING_SLASHES.sub(b"", content)
    if suffix == ".ply":
        _check_ply_lines(content)
    if suffix in (".gltf", ".glb"):
        _check_gltf(content, suffix)
    scene = trimesh.load_scene(
        io.BytesIO(content),
        file_type=suffix[1:],
        resolver=_Resources(resource),
        process=False,
        skip_materials=True,
    )
    mesh = scene.to_mesh()
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


def _parse_off(
    content: bytes,
) -> tuple[Float[np.ndarray, "v 3"], Int[np.ndarray, "f 3"]]:
    """Vertices and triangles of an OFF file."""
    # Names in comments may be anything, and Windows marks the beginning of UTF-8.
    text = content.decode("utf-8-sig", errors="replace")
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    lines = [line for line in lines if line]
    header = _OFF_HEADER.match(lines[0]) if lines else None
    if header is None:
        raise UserError("this is not a .off file: it does not begin with OFF")
    lines[0] = lines[0][header.end() :].strip()
    counts, *lines = lines if lines[0] else lines[1:] or [""]
    if not re.fullmatch(r"\d+\s+\d+(\s+\d+)?", counts):
        raise UserError("the .off file has no line with its counts after the header")
    num_vertices, num_faces = (int(count) for count in counts.split()[:2])
    if len(lines) < num_vertices + num_faces:
        raise UserError(
            f"the file is cut short: it holds {len(lines):,} of "
            f"{num_vertices + num_faces:,} vertices and faces"
        )
    vertices = np.loadtxt(lines[:num_vertices], usecols=(0, 1, 2), ndmin=2)
    return vertices, _triangles(lines[num_vertices : num_vertices + num_faces])


def _triangles(lines: list[str]) -> Int[np.ndarray, "f 3"]:
    """Triangles of the faces of an OFF file: `count index index … colour`."""
    if all(line.startswith("3 ") for line in lines):  # nearly always, and far faster
        return np.loadtxt(lines, np.int64, usecols=(1, 2, 3), ndmin=2).reshape(-1, 3)
    polygons = []
    for line in lines:
        count, *rest = line.split()
        if len(rest) < int(count):
            raise UserError(f"a face is cut short: {line[:40]!r}")
        if int(count) >= 3:  # others are points and lines
            polygons.append([int(index) for index in rest[: int(count)]])
    return trimesh.geometry.triangulate_quads(polygons).reshape(-1, 3)


def _check_last_face(content: bytes) -> None:
    """Raises UserError for an OBJ file that ends within a face."""
    last = content.rstrip().rsplit(b"\n", 1)[-1].split()
    if not last or last[0] != b"f":
        return
    ends = {corner.endswith(b"/") for corner in last[1:]}
    if len(last) < 4 or len(ends) > 1:
        raise UserError("the file is cut short: its last face is incomplete")


def _check_ply_lines(content: bytes) -> None:
    """Raises UserError for a text PLY file with fewer lines than it announces."""
    header, _, body = content.partition(b"end_header")
    if b"format ascii" in header:
        counts = re.findall(rb"^element +\w+ +(\d+)", header, re.MULTILINE)
        announced, lines = sum(map(int, counts)), len(body.strip().splitlines())
        if lines < announced:
            raise UserError(
                f"the file is cut short: it holds {lines:,} of {announced:,} lines"
            )


def _check_gltf(content: bytes, suffix: str) -> None:
    """Raises UserError for glTF with compressed meshes; ValueError if it is none."""
    if suffix == ".glb":  # the JSON is the first chunk
        length = int.from_bytes(content[12:16], "little")
        content = content[20 : 20 + length]
    for extension in json.loads(content).get("extensionsRequired", ()):
        if extension.endswith("_compression"):
            raise UserError(f"{extension} is not read; save it without compression")


def _check(mesh: trimesh.Trimesh) -> None:
    if not np.isfinite(mesh.vertices).all():
        raise UserError("the mesh has non-finite vertices")
    if len(mesh.faces) == 0:
        raise UserError(
            "there are no faces: the file is empty, cut short or of another kind"
        )
    if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
        raise UserError("a face refers to a vertex that is not there")
    if not 0 < mesh.extents.max() < np.inf:
        raise UserError("all faces lie in a single point, or too far apart")


def _scaled(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    # A power of two: it changes no bit of the digits. Without it, tolerances that are
    # meant for everyday sizes take the corners of a tiny mesh for one.
    scale = 2.0 ** -np.ceil(np.log2(mesh.extents.max()))
    return trimesh.Trimesh(mesh.vertices * scale, mesh.faces, process=False)


@contextlib.contextmanager
def _quiet():
    """Keeps what parsers say about damaged files out of the progress bar."""
    logger = logging.getLogger("trimesh")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1][:120] if lines else type(error).__name__


class _Resources(trimesh.resolvers.Resolver):
    """What a file refers to, through a function from names to contents."""

    def __init__(self, get: Callable[[str], bytes] | None):
        self._get = get

    def get(self, key: str) -> bytes:
        if self._get is None:
            raise UserError(f"it refers to another file, {key}, which is not there")
        return self._get(key)

    def keys(self):
        return []

    def write(self, name, data):
        raise NotImplementedError

    def namespaced(self, namespace):
        raise NotImplementedError
