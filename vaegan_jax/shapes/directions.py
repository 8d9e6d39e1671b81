"""From where a shape was seen."""

import numpy as np
import trimesh
from jaxtyping import Float, UInt8

from vaegan_jax.shapes.cameras import Camera
from vaegan_jax.shapes.colours import luma
from vaegan_jax.shapes.render import render_views

_NEARLY_WHITE = 243
_SIZE = 64  # pixels at which outlines are compared


def likeliest_azimuths(
    views: UInt8[np.ndarray, "v h w c"], mesh: trimesh.Trimesh, num_candidates: int = 24
) -> Float[np.ndarray, " v"]:
    """The azimuth from which the outline of a mesh is most like that in each view.

    Outlines of the front and the back of a shape differ little, so this may be wrong by
    half a turn; it is meant for pictures, not for measuring.

    Args:
      views: framed as those of training are.
      mesh: the shape, z up, front towards −y.
      num_candidates: azimuths tried, evenly spaced, at the elevation of training.

    Returns:
      Degrees, 0 being in front of the shape, counter-clockwise seen from above.
    """
    camera = Camera(num_views=num_candidates)
    rendered = render_views(mesh, camera, _SIZE, supersample=1)
    outlines = (rendered < _NEARLY_WHITE).reshape(num_candidates, -1)
    places = (np.arange(_SIZE) + 0.5) / _SIZE
    rows = (places * views.shape[1]).astype(int)
    columns = (places * views.shape[2]).astype(int)
    seen = (luma(views) < _NEARLY_WHITE)[:, rows[:, None], columns]
    seen = seen.reshape(len(views), 1, -1)
    shared = (seen & outlines).sum(-1)
    overlap = shared / np.maximum((seen | outlines).sum(-1), 1)
    return camera.azimuths()[overlap.argmax(1)]
