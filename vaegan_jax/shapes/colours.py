"""Views in colour or grey, and colours of meshes."""

import numpy as np
from jaxtyping import UInt8

MODES = {1: "L", 3: "RGB"}  # Pillow's, by the number of channels
# Of `trimesh.Trimesh.face_attributes`: colours of the corners of triangles, (t, 3, 3),
# shares of red, green and blue in sRGB.
FACE_COLOURS = "colours"
_RED, _GREEN, _BLUE, _ONE = 19595, 38470, 7471, 1 << 16


def luma(images: UInt8[np.ndarray, "*n c"]) -> UInt8[np.ndarray, "*n"]:
    """Grey levels: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).

    To the bit as Pillow's mode "L" has them.

    Args:
      images: of three channels; those of one stay as they are.
    """
    if images.shape[-1] == 1:
        return images[..., 0]
    red, green, blue = np.moveaxis(images.astype(np.uint32), -1, 0)
    weighed = _RED * red + _GREEN * green + _BLUE * blue
    return ((weighed + _ONE // 2) // _ONE).astype(np.uint8)
