"""Moving pictures of voxel grids, as GIF files."""

import os
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool
from PIL import Image

from vaegan_jax.shapes.drawing import FRONT_RIGHT_DEGREES, draw_shapes

_COLOURS = 48  # of a frame: the drawings are of two hues


def turntable(
    grids: Bool[np.ndarray, "n x y z"], num_frames: int = 20, image_size: int = 96
) -> Iterator[Image.Image]:
    """Frames of a sheet of shapes, all turning once round."""
    for frame in range(num_frames):
        azimuth = FRONT_RIGHT_DEGREES + 360.0 * frame / num_frames
        yield draw_shapes(grids, None, image_size, azimuth)


def save_gif(
    path: str | os.PathLike, frames: Sequence[Image.Image], seconds: float
) -> None:
    """Writes frames that repeat for ever, `seconds` for all of them once.

    Raises:
      ValueError: there is no frame.
    """
    # One palette for all frames, or colours would flicker.
    palette = _side_by_side(frames).quantize(_COLOURS)
    frames = [
        frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames
    ]
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=max(20, round(1000 * seconds / len(frames))),
        loop=0,
    )


def _side_by_side(frames: Sequence[Image.Image]) -> Image.Image:
    chosen = frames[:: max(1, len(frames) // 4)]
    return Image.fromarray(np.concatenate([np.asarray(frame) for frame in chosen], 1))
