"""One HTML page that shows shapes turning: no server, no internet, no other file."""

import base64
import html
import json
import os
import pathlib
import string
from collections.abc import Mapping

import numpy as np
import trimesh

_TEMPLATE = pathlib.Path(__file__).with_name("gallery.html")
_HALF = 0.6  # positions from −0.6 to 0.6 are stored in 16 bits


def gallery_page(
    meshes: Mapping[str, trimesh.Trimesh | None], title: str, note: str = ""
) -> str:
    """The page; it needs a browser with WebGL 2.

    Args:
      meshes: by what is written below each: in the unit cube around the origin, z up,
        drawn in the colours of their vertices if they have such; None for a shape
        without a filled voxel.
      title: of the page.
      note: a sentence below it.
    """
    shapes = [_encoded(name, mesh) for name, mesh in meshes.items()]
    return string.Template(_TEMPLATE.read_text("utf-8")).safe_substitute(
        title=html.escape(title),
        note=html.escape(note),
        # A name could otherwise end the script element.
        shapes=json.dumps(shapes).replace("<", "\\u003c"),
    )


def write_gallery(
    path: str | os.PathLike,
    meshes: Mapping[str, trimesh.Trimesh | None],
    title: str,
    note: str = "",
) -> None:
    """Writes `gallery_page` to a file."""
    pathlib.Path(path).write_text(gallery_page(meshes, title, note), "utf-8")


def _encoded(name: str, mesh: trimesh.Trimesh | None) -> dict:
    """16-bit positions and colours of vertices, indices of triangles, in base64."""
    if mesh is None:
        return {"name": name, "vertices": "", "tones": "", "faces": "", "wide": False}
    wide = len(mesh.vertices) >= 2**16
    coloured = mesh.visual.kind == "vertex"
    unit = np.clip(mesh.vertices / (2 * _HALF) + 0.5, 0, 1)
    return {
        "name": name,
        "vertices": _base64(np.rint(unit * 65535).astype("<u2")),
        "tones": _base64(mesh.visual.vertex_colors[:, :3]) if coloured else "",
        "faces": _base64(mesh.faces.astype("<u4" if wide else "<u2")),
        "wide": wide,
    }


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()
