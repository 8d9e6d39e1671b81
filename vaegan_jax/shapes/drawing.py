"""Pictures of voxel grids: shaded boxes, sheets of them, reconstructions and truths."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import scipy.ndimage
import trimesh
from jaxtyping import Bool, Shaped, UInt8
from PIL import Image, ImageDraw, ImageFont, ImageOps

from vaegan_jax.shapes.cameras import Camera, ViewCamera
from vaegan_jax.shapes.first_hits import first_hits
from vaegan_jax.shapes.meshes import boxes_mesh
from vaegan_jax.shapes.render import average_blocks

FRONT_RIGHT_DEGREES = 35.0
ELEVATION_DEGREES = 30.0
# What pictures call the shapes of a model with a refiner.
GENERATOR_ALONE, REFINED = "generator alone", "refined"
_CUBE = 0.64  # side at which a camera just sees all of the grid, from anywhere
_SUPERSAMPLE = 2
_LIGHT_COLOUR = np.array([244.0, 206.0, 148.0])
_DARK_COLOUR = np.array([46.0, 44.0, 78.0])
_FACE_LIGHT = np.array([0.42, 0.66, 1.0])  # of faces across x, y and z
_GAP = 4  # pixels between tiles
_HEADER = 22  # pixels
_ROWS, _BESIDE = 48, 8  # shapes with a row each, and of more shapes how many share one
_BEYOND = (210, 225, 245)


def draw_voxels(
    grid: Shaped[np.ndarray, "x y z"],
    image_size: int = 160,
    azimuth_degrees: float = FRONT_RIGHT_DEGREES,
    elevation_degrees: float = ELEVATION_DEGREES,
) -> UInt8[np.ndarray, "h w 3"]:
    """Draws the voxels of a grid as shaded boxes on white.

    All grids are drawn at one scale, whatever they hold; an empty one is white.

    Args:
      grid: True and False, or ones and zeros, z up, front towards −y.
      image_size: height and width in pixels.
      azimuth_degrees: where the eye is: 0 in front, 90 on the +x side.
      elevation_degrees: of the eye above the horizon.

    Raises:
      UserError: the grid is no cube of such values.
    """
    size = image_size * _SUPERSAMPLE
    image = np.full((size * size, 3), 255.0)
    mesh = boxes_mesh(grid)
    if len(mesh.faces):
        mesh.apply_scale(_CUBE)
        camera = ViewCamera(azimuth_degrees, elevation_degrees)
        hits = first_hits(mesh, camera, size)
        points = camera.eye + hits.directions * hits.depth[:, None]
        image[hits.hit] = _colours(grid, mesh, hits.faces, points)
    image = average_blocks(image.reshape(size, size, 3), _SUPERSAMPLE)
    return np.rint(image).astype(np.uint8)


def _colours(grid, mesh: trimesh.Trimesh, faces, points) -> np.ndarray:
    """Colours (m, 3): by the face's direction, darker in corners and at the back."""
    normals = mesh.face_normals[faces]
    light = np.abs(normals) @ _FACE_LIGHT
    # How full the space before a face is tells how little light gets there.
    crowding = scipy.ndimage.uniform_filter(
        np.asarray(grid, np.float32), size=5, mode="constant"
    )
    before = (points / _CUBE + 0.5) * len(grid) + 1.5 * normals - 0.5
    shadow = scipy.ndimage.map_coordinates(crowding, before.T, order=1, mode="constant")
    light = light * np.clip(1.15 - 1.3 * shadow, 0.35, 1.0)
    return _DARK_COLOUR + (_LIGHT_COLOUR - _DARK_COLOUR) * light[:, None]


def draw_shapes(
    grids: Bool[np.ndarray, "n x y z"],
    columns: int | None = None,
    image_size: int = 160,
    azimuth_degrees: float = FRONT_RIGHT_DEGREES,
    headers: list[str] | None = None,
) -> Image.Image:
    """A sheet of shapes, row by row; default as square as their number allows."""
    columns = columns or max(1, math.ceil(math.sqrt(len(grids))))
    tiles = [draw_voxels(grid, image_size, azimuth_degrees) for grid in grids]
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    return _sheet(rows, columns, image_size, headers)


def draw_reconstructions(
    views: UInt8[np.ndarray, "n v h w c"],
    reconstructions: Bool[np.ndarray, "n x y z"],
    truths: Bool[np.ndarray, "n x y z"],
    max_views: int = 3,
    image_size: int = 160,
    of_generator: Bool[np.ndarray, "n x y z"] | None = None,
) -> Image.Image:
    """One row for each shape: what the model saw, what it made of it, and the truth.

    Args:
      views: of each; of more than `max_views` that many, at even distances, are shown.
      reconstructions: what the model made of them.
      truths: what is to be seen.
      max_views: see there.
      image_size: pixels a side of each picture.
      of_generator: what G alone made of them, if a refiner went on from there.
    """
    made = {"reconstruction": reconstructions}
    if of_generator is not None:
        made = {GENERATOR_ALONE: of_generator, REFINED: reconstructions}
    columns = made | {"truth": truths}
    return draw_columns(views, columns, max_views, image_size)


def draw_columns(
    views: UInt8[np.ndarray, "n v h w c"],
    columns: Mapping[str, Shaped[np.ndarray, "n ..."]],
    max_views: int = 3,
    image_size: int = 160,
) -> Image.Image:
    """One row for each shape: some of its views, then what came of them.

    Args:
      views: see `draw_reconstructions`.
      columns: under their headers, grids (n, x, y, z), True and False, or pictures
        (n, h, w, 1 or 3), uint8.
      max_views: see there.
      image_size: pixels a side of each picture.
    """
    shown = min(max_views, views.shape[1])
    chosen = np.arange(shown) * views.shape[1] // shown
    rows = []
    for seen, *made in zip(views, *columns.values(), strict=True):
        row = [_view_tile(seen[i], image_size) for i in chosen]
        for one in made:
            draw = draw_voxels if one.dtype == bool else _view_tile
            row.append(draw(one, image_size))
        rows.append(row)
    inputs = f"{views.shape[1]} input view{'s' if views.shape[1] > 1 else ''}"
    if shown < views.shape[1]:
        inputs = f"{shown} of {inputs}"
    headers = [inputs] + [""] * (shown - 1) + [*columns]
    return _sheet(rows, len(headers), image_size, headers)


def draw_contact_sheet(
    names: list[str],
    grids: Bool[np.ndarray, "n x y z"],
    views: UInt8[np.ndarray, "n v h w c"],
    cameras: Sequence[Sequence[ViewCamera]] | None = None,
    image_size: int = 128,
) -> Image.Image:
    """One row for each shape: views, each beside its voxels as its camera sees them.

    A wrong pairing or orientation shows as pictures that differ. Four views at most are
    shown; of shapes without views, the voxels from four sides. Of more than 48 shapes,
    one view each, eight shapes in a row.

    Args:
      names: of the shapes.
      grids: their voxels.
      views: of each; none if v is 0.
      cameras: of the views of each; default the usual ring.
      image_size: pixels a side of each picture.
    """
    stored = views.shape[1]
    chosen = sorted({i * stored // 4 for i in range(4)}) if stored else list(range(4))
    together = 1
    if len(names) > _ROWS:  # from the side a little, where there is such a view
        chosen, together = [min(1, len(chosen) - 1)], _BESIDE
    rows = []
    rings = cameras or [Camera(stored or 4).views()] * len(names)
    for name, grid, seen, ring in zip(names, grids, views, rings, strict=True):
        row = []
        for i in chosen:
            row += [_view_tile(seen[i], image_size)] if stored else []
            place = ring[i].azimuth_degrees, ring[i].elevation_degrees
            row.append(draw_voxels(grid, image_size, *place))
        short = name if len(name) <= 22 else f"{name[:11]}…{name[-10:]}"
        rows.append([_labelled(row[0], short), *row[1:]])
    headers = [f"view {i + 1}" if stored else f"from {90 * i}°" for i in chosen]
    if stored:
        headers = [text for header in headers for text in (header, "its voxels")]
    starts = range(0, len(rows), together)
    rows = [[tile for row in rows[i : i + together] for tile in row] for i in starts]
    return _sheet(rows, len(headers) * together, image_size, headers * together)


def _labelled(tile: UInt8[np.ndarray, "h w 3"], text: str) -> np.ndarray:
    image = Image.fromarray(tile)
    font = ImageFont.load_default(size=10)
    ImageDraw.Draw(image).text((3, 2), text, (60, 60, 60), font)
    return np.asarray(image)


def draw_beside_views(
    views: UInt8[np.ndarray, "v h w c"],
    grid: Bool[np.ndarray, "x y z"],
    cameras: Sequence[ViewCamera],
    image_size: int = 160,
    of_generator: Bool[np.ndarray, "x y z"] | None = None,
) -> Image.Image:
    """Above the views of one shape, below each the grid as seen from its camera.

    Between them, if a refiner went on from there, what G alone made of the views.
    """
    places = [(c.azimuth_degrees, c.elevation_degrees) for c in cameras]
    made = {"": grid}
    if of_generator is not None:
        made = {GENERATOR_ALONE: of_generator, REFINED: grid}
    rows = [[_view_tile(view, image_size) for view in views]]
    for text, one in made.items():
        first, *rest = [draw_voxels(one, image_size, *place) for place in places]
        rows.append([_labelled(first, text), *rest])
    headers = [f"from {azimuth:.0f}°, {up:.0f}° up" for azimuth, up in places]
    return _sheet(rows, len(views), image_size, headers)


def draw_given_and_seen(
    given: list[Image.Image], views: UInt8[np.ndarray, "v h w c"], image_size: int = 240
) -> Image.Image:
    """Above the pictures of one shape as they were given, below them as views.

    What is transparent or beyond a picture is light blue.
    """
    seen = [_view_tile(view, image_size) for view in views]
    tiles = []
    for picture in given:
        picture = ImageOps.contain(picture.convert("RGBA"), (image_size, image_size))
        corner = [(image_size - side) // 2 for side in picture.size]
        tile = Image.new("RGBA", (image_size, image_size), _BEYOND)
        tile.alpha_composite(picture, tuple(corner))
        tiles.append(np.asarray(tile.convert("RGB")))
    headers = [f"given, and seen: {i + 1}" for i in range(len(given))]
    return _sheet([tiles, seen], len(given), image_size, headers)


def _view_tile(view: UInt8[np.ndarray, "h w c"], size: int) -> np.ndarray:
    image = Image.fromarray(view[..., 0] if view.shape[-1] == 1 else view)
    resized = image.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(resized.convert("RGB"))


def _sheet(rows, columns: int, size: int, headers: list[str] | None = None):
    """Tiles (size, size, 3) in rows, under headers if there are any."""
    top = _HEADER if headers else 0
    pitch = size + _GAP
    sheet = Image.new("RGB", (columns * pitch + _GAP, top + len(rows) * pitch + _GAP))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle([(0, 0), sheet.size], fill="white")
    for column, header in enumerate(headers or ()):
        middle = _GAP + column * pitch + size / 2
        font = ImageFont.load_default(size=13)
        draw.text((middle, top / 2 + 2), header, (60, 60, 60), font, anchor="mm")
    for i, row in enumerate(rows):
        for j, tile in enumerate(row):
            corner = (_GAP + j * pitch, top + _GAP + i * pitch)
            sheet.paste(Image.fromarray(tile), corner)
    return sheet
