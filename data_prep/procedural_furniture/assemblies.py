"""Pieces of any form joined at random: geometry beyond furniture."""

import numpy as np
import trimesh

from ..procedural_chairs.parts import ROUND_SIDES, beam, box, plate, tube
from .draw import Draw
from .primitives import Pieces, arc, bent, cushion, shell, turned

_SOLIDS = ("box", "cylinder", "prism", "cushion", "vase", "frustum")
_OTHERS = ("angle", "sheet", "hoop", "rod", "bow", "cross")


def assembly(draw: Draw) -> Pieces:
    """Two to eight pieces, each joined to an earlier one; some sets are symmetric."""
    pieces = [_piece(draw.part("piece_0"), _SOLIDS)]
    for i in range(1, draw.whole("pieces", 2, 8)):
        part = draw.part(f"piece_{i}")
        piece = _turned(part, _piece(part, (*_SOLIDS, *_OTHERS)))
        where = pieces[part.whole("joined_to", 0, i - 1)]
        offset = _point(part, "there", where) - _point(part, "here", piece)
        pieces.append(piece.apply_translation(offset))
    symmetry = draw.choice("symmetry", ("none", "mirror", "ring"), (4, 4, 2))
    yield from pieces
    if symmetry == "mirror":
        matrix = np.diag([-1.0, 1, 1, 1])
        yield from (piece.copy().apply_transform(matrix) for piece in pieces[1:])
    elif symmetry == "ring":
        count = draw.whole("ring", 2, 5)
        for i in range(1, count):
            matrix = trimesh.transformations.rotation_matrix(
                2 * np.pi * i / count, [0, 0, 1]
            )
            yield from (piece.copy().apply_transform(matrix) for piece in pieces)


def _piece(draw: Draw, kinds: tuple[str, ...]) -> trimesh.Trimesh:
    """A piece around the origin."""
    kind = draw.choice("kind", kinds)
    size = draw.number("size", 0.4, 1.0)
    x, y, z = (size * draw.number(axis, 0.08, 0.5) for axis in "xyz")
    thin = size * draw.number("thin", 0.03, 0.12)
    if kind in _SOLIDS:
        return _solid(draw, kind, (x, y, z))
    if kind == "angle":  # an L or U of one bent sheet
        path = [(-y, z), (-y, -z), (y, -z), (y, z)][: draw.whole("bends", 3, 4)]
        return bent(np.array(path), thin, -x, x)
    if kind == "sheet":
        path = arc((0, -y), (x, y), 180, draw.number("end", 0, 90), 11)
        return bent(path, thin, -z, z, axis=2)
    if kind == "hoop":
        outer = max(x, 2.5 * thin)
        section = np.array([(outer - thin, -thin), (outer, -thin), (outer, thin)])
        return shell(np.concatenate([section, [(outer - thin, thin)]]))
    if kind == "rod":
        return beam((0, 0, -z), (0, 0, z), thin, sides=ROUND_SIDES)
    if kind == "bow":
        path = arc((0, 0), (x, z), 0, draw.number("end", 90, 300), 13)
        points = np.column_stack([path[:, 0], np.zeros(13), path[:, 1]])
        return tube(points, [thin] * 13, sides=8)
    bars = [
        box((-x, -thin, -thin), (x, thin, thin)),
        box((-thin, -y, -thin), (thin, y, thin)),
    ]
    return trimesh.util.concatenate([*bars, box((-thin, -thin, -z), (thin, thin, z))])


def _solid(draw: Draw, kind: str, half: tuple[float, float, float]) -> trimesh.Trimesh:
    x, y, z = half
    if kind == "box":
        return box((-x, -y, -z), (x, y, z))
    if kind == "cushion":
        return cushion((-x, -y, -z), (x, y, z), draw.number("rounding", 0.02, 0.3))
    if kind == "prism":
        count = draw.whole("corners", 3, 8)
        angles = np.pi / 2 + np.arange(count) * 2 * np.pi / count  # alike at ±x
        return plate(np.column_stack([np.cos(angles) * x, np.sin(angles) * y]), -z, z)
    if kind == "cylinder":
        return beam((0, 0, -z), (0, 0, z), 2 * x, sides=20)
    if kind == "frustum":
        return beam(
            (0, 0, -z), (0, 0, z), 2 * x, 2 * x * draw.number("taper", 0.02, 0.8), 16
        )
    shares = np.linspace(0, 1, 9)
    waves = 1 + 0.6 * np.sin(shares * draw.number("waves", 2, 12))
    return turned(
        (0, 0, -z), (0, 0, z), list(zip(shares, 1.3 * x * waves, strict=True))
    )


def _turned(draw: Draw, piece: trimesh.Trimesh) -> trimesh.Trimesh:
    """A quarter of them in any direction, the rest by a right angle about an axis."""
    if draw.chance("free", 0.25):
        axis = [draw.number(f"axis_{name}", -1, 1) for name in "xyz"]
        angle = np.deg2rad(draw.number("angle", 10, 170))
        matrix = trimesh.transformations.rotation_matrix(
            angle, [*axis[:2], axis[2] + 1e-3]
        )
    else:
        turn = draw.choice("upright", ("x", "y", "z"))
        axis = {"x": [0, 1, 0], "y": [1, 0, 0], "z": [0, 0, 1]}[turn]
        matrix = trimesh.transformations.rotation_matrix(np.pi / 2, axis)
    return piece.apply_transform(matrix)


def _point(draw: Draw, name: str, piece: trimesh.Trimesh) -> np.ndarray:
    """The middle of one of a piece's faces."""
    face = draw.whole(name, 0, len(piece.faces) - 1)
    return piece.triangles[face].mean(axis=0)
