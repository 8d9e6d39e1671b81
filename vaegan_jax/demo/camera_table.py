"""What the page tells of the cameras of pictures: words for people, and a table."""

import html
from collections.abc import Sequence

from vaegan_jax.inference.camera_estimates import CameraEstimate
from vaegan_jax.shapes.cameras import ViewCamera

# Where a camera stands, by eighths of the way around a shape, from azimuth 0 on.
_SIDES = (
    *("front", "front right", "right", "back right"),
    *("back", "back left", "left", "front left"),
)
_CAPTION = "From where the pictures seem to have been taken"
_COLUMNS = ("picture", "from", "azimuth", "elevation", "confidence", "or else from")


def side(camera: ViewCamera) -> str:
    """Where a camera is, in words; its azimuth is 90 on the right, the +x side."""
    return _SIDES[round(camera.azimuth_degrees / 45) % len(_SIDES)]


def camera_table(names: Sequence[str], cameras: Sequence[CameraEstimate]) -> str:
    """HTML: a row for each picture, its likeliest camera and the likeliest elsewhere.

    The confidence is that in the first, if it is one of the two.
    """
    rows = [_row("th", _COLUMNS)]
    for name, found in zip(names, cameras, strict=True):
        camera, other = found.camera, found.other
        cells = [
            *(name, side(camera)),
            f"{camera.azimuth_degrees:.0f}°",
            f"{camera.elevation_degrees:.0f}°",
            f"{found.confidence:.0%}",
            f"{side(other)}, {other.azimuth_degrees:.0f}°" if other else "",
        ]
        rows.append(_row("td", cells))
    return f"<table><caption>{_CAPTION}</caption>{''.join(rows)}</table>"


def _row(tag: str, cells: Sequence[str]) -> str:
    inside = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inside}</tr>"
