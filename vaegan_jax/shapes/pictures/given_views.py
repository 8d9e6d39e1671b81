"""What people hand to a model: arrays of views, or pictures, in lists or alone."""

import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped, UInt8
from PIL import Image

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.colours import NEARLY_WHITE, luma
from vaegan_jax.shapes.pictures.files import Picture
from vaegan_jax.shapes.pictures.sets import picture_sets


def checked_views(
    views: Shaped[np.ndarray, "..."], size: int, channels: int = 1
) -> UInt8[np.ndarray, "b v h w c"]:
    """Views of shapes as bytes.

    Args:
      views: whole numbers from 0 (black) to 255 (white), of any type.
      size: height and width that they must have.
      channels: 1 or 3, that they must have.

    Raises:
      UserError: they have another shape or other values.
    """
    each = (size, size, channels)
    if views.ndim != 5 or 0 in views.shape[:2] or views.shape[2:] != each:
        raise UserError(
            f"views {views.shape} do not fit this model, which takes one or more "
            f"of {size} × {size} × {channels} of each shape, (shapes, views, {size}, "
            f"{size}, {channels}); `fit_views` makes them"
        )
    if views.dtype.kind not in "uif":
        raise UserError(f"views are {views.dtype}; give uint8 from 0 to 255")
    low, high = views.min(), views.max()
    if high <= 1:  # no view is as dark
        raise UserError(
            f"views hold {views.dtype} from {low:.3g} to {high:.3g}; give uint8 from 0 "
            "(black) to 255 (white), which of floats from 0 to 1 is "
            "`(255 * views).round().astype('uint8')`"
        )
    if views.dtype == np.uint8:
        return views
    if not (low >= 0 and high <= 255 and (views == np.floor(views)).all()):
        raise UserError(
            f"views hold {views.dtype} from {low:.3g} to {high:.3g}, not whole numbers "
            "from 0 to 255; give uint8, 0 being black and 255 white"
        )
    return views.astype(np.uint8)


def checked_cameras(
    cameras: Any, views: UInt8[np.ndarray, "b v h w c"]
) -> Float[np.ndarray, "b v 4"]:
    """Cameras of views as numbers, NaN where they are not known.

    Raises:
      UserError: they are none, or not four numbers of each view.
    """
    wanted = (*views.shape[:2], 4)
    try:
        found = np.asarray(cameras, np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"cameras are no array of numbers; give {wanted}: azimuth, elevation, "
            "distance and field of view"
        ) from error
    if found.shape != wanted:
        raise UserError(f"cameras are {found.shape}; give {wanted}, four of each view")
    return found


def warn_of_backgrounds(views: UInt8[np.ndarray, "b v h w c"]) -> None:
    """Warns if most views are not on white, as all of training are."""
    grey = luma(views)
    edges = (grey[..., 0, :], grey[..., -1, :], grey[..., 0], grey[..., -1])
    border = np.median(np.concatenate(edges, axis=-1), axis=-1)
    if (coloured := border < NEARLY_WHITE).mean() > 0.5:
        warnings.warn(
            f"{coloured.sum()} of {coloured.size} views are not on white, as those of "
            "training are; `fit_views` makes them so",
            stacklevel=3,
        )


def one_shape(pictures: Any) -> Sequence[Picture]:
    """The pictures of one shape: a list, an array of them, a folder, or a single one.

    Raises:
      UserError: there is none, or the folder holds several shapes.
    """
    if isinstance(pictures, str | os.PathLike) and pathlib.Path(pictures).is_dir():
        sets = list(picture_sets([pictures]).values())
        if len(sets) > 1:
            raise UserError(f"{pictures} holds several shapes; name the folder of one")
        return sets[0]
    if _is_picture(pictures):
        return [pictures]
    if not isinstance(pictures, Sequence | np.ndarray) or isinstance(pictures, bytes):
        raise UserError(
            f"{_called(pictures)} is no picture and no list of them; give paths, "
            "Pillow images or arrays"
        )
    if not len(pictures):
        raise UserError("there is no picture; give one or more of each shape")
    return pictures


def several_shapes(given: Any) -> list[Sequence[Picture]]:
    """For each shape its pictures, as `one_shape` gives them.

    A folder of folders is several shapes, a single picture one.

    Raises:
      UserError: nothing is given, or it is not clear which pictures are of one shape.
    """
    if isinstance(given, str | os.PathLike) and pathlib.Path(given).is_dir():
        return list(picture_sets([given]).values())
    if _is_picture(given):
        return [[given]]
    if not isinstance(given, Sequence) or isinstance(given, bytes) or not len(given):
        raise UserError(
            "there is no picture; give a list of pictures for each shape, "
            '[["front.png", "side.png"], ["other.png"]]'
        )
    single = [one for one in given if _is_picture(one)]
    if single and len(given) > 1:
        first, second = (_called(one) for one in given[:2])
        raise UserError(
            "it is not clear which pictures are of one shape; give "
            f"[[{first}, {second}]] for a shape seen in both, or "
            f"[[{first}], [{second}]] for two shapes"
        )
    return [one_shape(one) for one in given]


def _is_picture(given: Any) -> bool:
    if isinstance(given, str | os.PathLike):
        return not pathlib.Path(given).is_dir()
    if isinstance(given, Image.Image):
        return True
    shape = getattr(given, "shape", ())
    return len(shape) == 2 or (len(shape) == 3 and shape[-1] in (1, 2, 3, 4))


def _called(given: Any) -> str:
    if isinstance(given, str | os.PathLike):
        return repr(os.fspath(given))
    return f"a {type(given).__name__}"
