"""The pictures that were given, what the model sees of them, and from where."""

import base64
import html
import io
import math
import pathlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from vaegan_jax.inference.camera_estimates import CameraEstimate
from vaegan_jax.shapes.cameras import ViewCamera
from vaegan_jax.shapes.pictures.fitting import FittedPicture

# Where a camera stands, by eighths of the way around a shape, from azimuth 0 on.
_SIDES = (
    *("front", "front right", "right", "back right"),
    *("back", "back left", "left", "front left"),
)
_LEVEL, _STEEP = 7.5, 50.0  # degrees of elevation
THUMBNAIL = 192  # pixels

# Tells of clicks and of changed numbers: what the card's part has as data, and which.
LISTEN = """
const tell = (part, more) => trigger('click',
  { ...part.dataset, ...more, ...part.closest('article').dataset });
element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (button) tell(button);
});
element.addEventListener('change', event => {
  const value = name => event.target.closest('form').elements[name].value;
  tell(event.target, { azimuth: value('azimuth'), elevation: value('elevation') });
});
element.addEventListener('submit', event => event.preventDefault());
"""


def side(camera: ViewCamera) -> str:
    """Where a camera is, in words; its azimuth is 90 on the right, the +x side."""
    return _SIDES[round(camera.azimuth_degrees / 45) % len(_SIDES)]


def height(camera: ViewCamera) -> str:
    """How high a camera is, in words."""
    elevation = camera.elevation_degrees
    if abs(elevation) < _LEVEL:
        return "level"
    steep = "steeply " if abs(elevation) > _STEEP else ""
    return steep + ("from above" if elevation > 0 else "from below")


def picture_cards(
    fitted: Sequence[FittedPicture],
    cameras: Sequence[CameraEstimate],
    correctable: bool,
) -> str:
    """HTML: a card for each picture, with its likeliest camera and the next likely.

    Args:
      fitted: the pictures.
      cameras: of these. What is known has no other; its confidence is not told.
      correctable: whether another camera would change anything, so that it can be
        given.
    """
    pairs = enumerate(zip(fitted, cameras, strict=True))
    cards = [_card(i, len(fitted), *pair, correctable) for i, pair in pairs]
    return f'<div class="cards">{"".join(cards)}</div>'


def _card(
    index: int,
    count: int,
    fitted: FittedPicture,
    found: CameraEstimate,
    correctable: bool,
) -> str:
    name = html.escape(pathlib.Path(fitted.name).name)
    given = ImageOps.contain(fitted.given.convert("RGBA"), (THUMBNAIL, THUMBNAIL))
    notes = "".join(f"<p class='note'>{html.escape(n)}</p>" for n in fitted.notes)
    return (
        f"<article data-index={index} data-count={count}>"
        f'<button data-action="remove" title="Remove" aria-label="Remove {name}">'
        "&times;</button>"
        f'<figure><img src="{_source(given)}" alt="{name}">'
        f"<figcaption>{name}</figcaption></figure>"
        f'<figure><img src="{_source(_image(fitted.view))}" alt="What the model sees">'
        "<figcaption>model’s view</figcaption></figure>"
        f"<div>{_camera(found, correctable)}</div>{notes}</article>"
    )


def _camera(found: CameraEstimate, correctable: bool) -> str:
    camera = found.camera
    words = f"from the <b>{side(camera)}</b>, {height(camera)}"
    numbers = camera.azimuth_degrees % 360, camera.elevation_degrees
    if correctable:
        fields = [
            f'<label>{name} <input name="{name}" type="number" value="{value:.0f}" '
            'data-action="camera">°</label>'
            for name, value in zip(("azimuth", "elevation"), numbers, strict=True)
        ]
        told = f"<form>{' '.join(fields)}</form>"
    else:
        told = f"<p>azimuth {numbers[0]:.0f}°, elevation {numbers[1]:.0f}°</p>"
    return f"{_drawing(camera)}<p>{words}</p>{told}{_doubt(found, correctable)}"


def _doubt(found: CameraEstimate, correctable: bool) -> str:
    other = found.other
    if other is None:
        again = '<button data-action="estimate">estimate it</button>'
        return f"<p>as given{': ' + again if correctable else ''}</p>"
    words = f"{side(other)}, {other.azimuth_degrees % 360:.0f}°"
    if correctable:
        words = (
            f'<button data-action="camera" data-azimuth="{other.azimuth_degrees}" '
            f'data-elevation="{other.elevation_degrees}">{words}</button>'
        )
    return f"<p>{found.confidence:.0%} sure; or else from the {words}</p>"


def _drawing(camera: ViewCamera) -> str:
    """The camera around the shape from above, front down, and its height beside."""
    azimuth = math.radians(camera.azimuth_degrees)
    elevation = math.radians(camera.elevation_degrees)
    x, y = 30 + 24 * math.sin(azimuth), 30 + 24 * math.cos(azimuth)
    right, up = 70 + 34 * math.cos(elevation), 30 - 34 * math.sin(elevation)
    return (
        '<svg viewBox="0 0 112 60" role="img" aria-label="Where the camera is">'
        '<circle class="way" cx="30" cy="30" r="24"/>'
        '<rect class="shape" x="23" y="23" width="14" height="14"/>'
        '<path class="front" d="M23 37h14"/>'
        f'<path class="look" d="M{x:.1f} {y:.1f}L30 30"/>'
        f'<circle class="eye" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        '<path class="way" d="M70 30H106"/>'
        '<rect class="shape" x="64" y="23" width="12" height="14"/>'
        f'<path class="look" d="M{right:.1f} {up:.1f}L70 30"/>'
        f'<circle class="eye" cx="{right:.1f}" cy="{up:.1f}" r="4"/></svg>'
    )


def _image(view: UInt8[np.ndarray, "h w c"]) -> Image.Image:
    return Image.fromarray(view[..., 0] if view.shape[-1] == 1 else view)


def _source(image: Image.Image) -> str:
    with io.BytesIO() as file:
        image.save(file, "png")
        return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
