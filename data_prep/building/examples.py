"""What an example of every data set here looks like."""

import io
import math

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image


def encode_view(image: UInt8[np.ndarray, "h w *c"]) -> bytes:
    """A grey image, or one of three channels, as PNG."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="png")
    return file.getvalue()


def example(
    name: str,
    voxels: Bool[np.ndarray, "x y z"],
    views: list[bytes],
    cameras: Float[np.ndarray, "v 4"] | None = None,
    scale: float = math.nan,
) -> dict:
    """An example as `tfds_tools.features` describes it; views as PNG."""
    found = {"name": name, "voxels": voxels.astype(np.uint8)}
    if views:
        found["views"] = [io.BytesIO(view) for view in views]
        found["scale"] = np.float32(scale)
    if cameras is not None:
        found["cameras"] = cameras
    return found
