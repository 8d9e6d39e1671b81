"""Views in colour or grey, and colours of meshes."""

from typing import Any

import numpy as np

NEARLY_WHITE = 243  # grey levels from here on are thought to be background
MODES = {1: "L", 3: "RGB"}  # Pillow's, by the number of channels
# Of `trimesh.Trimesh.face_attributes`: colours of the corners of triangles, (t, 3, 3),
# shares of red, green and blue in sRGB.
FACE_COLOURS = "colours"
_RED, _GREEN, _BLUE, _ONE = 19595, 38470, 7471, 1 << 16


def luma(images: Any) -> Any:
    """Grey levels: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).

    To the bit as Pillow's mode "L" has them.

    Args:
      images: uint8 (..., c), of NumPy or JAX, of three channels; those of one stay as
        they are.

    Returns:
      uint8 (...).
    """
    if images.shape[-1] == 1:
        return images[..., 0]
    red, green, blue = (images[..., i].astype(np.uint32) for i in range(3))
    weighed = _RED * red + _GREEN * green + _BLUE * blue
    return ((weighed + _ONE // 2) // _ONE).astype(np.uint8)
