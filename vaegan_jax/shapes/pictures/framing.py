"""Where in a view the object lies, and how large it is, as the views of training tell.

Cameras of training look at the centre of a shape's bounding box, whose diagonal they
scale to 1. A picture of an unknown object shows neither, but both are largely told by
its outline: a linear function of it, fitted to the views of training, halves the error
of the place of the centre (see docs/using.md).
"""

import dataclasses
import os
import pathlib

import numpy as np
import scipy.ndimage
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from sklearn.linear_model import Ridge

from vaegan_jax.errors import UserError
from vaegan_jax.runtime.npz_files import read_npz, write_npz
from vaegan_jax.runtime.stored import StoredArray
from vaegan_jax.shapes.colours import NEARLY_WHITE, luma

_FILE = "framing.npz"
_WHITE = 255.0
_SPECK = 0.01  # of the largest part: smaller ones do not count for the framing
_CELLS = 16  # along each side of the outline that the function takes
_FEATURES = _CELLS**2 + 4
_PENALTY = 10.0
# Deviations from what is expected: as in training, likelier so than not, perhaps.
_SURE, _NEAR, _DOUBTFUL = 2.0, 2.5, 4.0
_FINEST = 0.005  # of a view's side: its pixels tell no less
_MOST_BYTES = 1 << 16  # of a file

Window = tuple[float, float, float]  # top, left, side
_VIEWS = 10_000  # that it is fitted to, at most


@dataclasses.dataclass(frozen=True)
class Framing:
    """What views of training look like, as a function of outlines.

    Three numbers describe a view, in sides of it: the diagonal of the object's box, and
    the row and the column of the box's centre.

    Attributes:
      weights: from the features of an outline to the three.
      low, high: what the three are at least and at most in training.
      spread: standard deviations of the three from what the function says.
    """

    weights: Float[np.ndarray, "features 3"]
    low: Float[np.ndarray, " 3"]
    high: Float[np.ndarray, " 3"]
    spread: Float[np.ndarray, " 3"]

    def windows(self, mask: Bool[np.ndarray, "h w"]) -> list[Window]:
        """Windows of a picture in which the object is as in training, likeliest first.

        One is the whole of a square picture whose object lies, as it is, about where
        the function expects it; the other has it exactly there. Both are returned where
        that does not tell them apart.

        Args:
          mask: where the object is in the picture.
        """
        box, side = object_box(mask), float(max(mask.shape))
        expected = np.clip(_features(mask, box) @ self.weights, self.low, self.high)
        size = box[:, 1] - box[:, 0]
        expected_side = float(max(np.hypot(*size) / expected[0], size.max()))
        top, left = (box.mean(1) - expected[1:] * expected_side).tolist()
        whole, moved = (0.0, 0.0, side), (top, left, expected_side)
        numbers = _describe(box, side)
        if mask.shape[0] != mask.shape[1]:
            return [moved]
        if not ((self.low <= numbers) & (numbers <= self.high)).all():
            return [moved]
        deviations = float((np.abs(numbers - expected) / self.spread).max())
        if deviations <= _SURE:
            return [whole]
        if deviations > _DOUBTFUL:
            return [moved]
        return [whole, moved] if deviations <= _NEAR else [moved, whole]

    def save(self, workdir: str | os.PathLike) -> None:
        """Writes `framing.npz`."""
        path = pathlib.Path(workdir) / _FILE
        write_npz(path, dataclasses.asdict(self))


def load_framing(workdir: str | os.PathLike) -> Framing:
    """That of a training run; the usual one if it left none.

    Raises:
      UserError: the file is damaged.
    """
    path = pathlib.Path(workdir) / _FILE
    if not path.exists():
        return usual_framing()
    try:
        file = read_npz(path, _MOST_BYTES)
        # Files of older runs tell no spread: there, all that occurs is near.
        spread = file.get("spread", np.full(3, np.finfo(float).max))
        framing = Framing(file["weights"], file["low"], file["high"], spread)
        _check(framing)
        return framing
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{path} is damaged; delete it and run the training command again"
        ) from error


def _check(framing: Framing) -> None:
    """Raises ValueError if shapes, types or values are impossible."""
    for name, array in dataclasses.asdict(framing).items():
        shape = (_FEATURES, 3) if name == "weights" else (3,)
        if array.shape != shape or array.dtype.kind != "f":
            raise ValueError(f"{name} is {array.shape} {array.dtype}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite")
    if not ((framing.low <= framing.high).all() and (framing.spread > 0).all()):
        raise ValueError("its limits are the wrong way round")


def usual_framing() -> Framing:
    """That of the 12-view ModelNet chairs and of the procedural chairs, on average.

    The diagonal of the box is 0.91 of the picture's side in the former and 0.89 in the
    latter (standard deviation 8 %), and its centre at (0.53, 0.50) and (0.52, 0.50).
    """
    weights = np.zeros((_FEATURES, 3))
    weights[0] = 0.9, 0.525, 0.5
    low, high = np.array([0.65, 0.425, 0.4]), np.array([1.1, 0.625, 0.6])
    return Framing(weights, low, high, spread=high - low)  # all of that is near


def fit_framing(views: UInt8[np.ndarray | StoredArray, "n v h w c"]) -> Framing:
    """The framing of views of training, on white; blank ones do not count."""
    shapes, stored = views.shape[:2]
    # Not every second or third, which would leave out azimuths.
    chosen = np.random.default_rng(0).permutation(shapes * stored)[:_VIEWS]
    views = luma(views[np.divmod(chosen, stored)])
    masks = [mask for mask in views < NEARLY_WHITE if mask.any()]
    if not masks:
        return usual_framing()
    boxes = [object_box(mask) for mask in masks]
    numbers = np.array([_describe(box, float(views.shape[-1])) for box in boxes])
    features = np.array([_features(*pair) for pair in zip(masks, boxes, strict=True)])
    fitted = Ridge(_PENALTY).fit(features[:, 1:], numbers)
    weights = np.concatenate([fitted.intercept_[None], fitted.coef_.T])
    spread = np.maximum((numbers - features @ weights).std(0), _FINEST)
    return Framing(weights, numbers.min(0), numbers.max(0), spread)


def object_box(mask: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "axis end"]:
    """First and one past the last row, then column, of what is no speck."""
    kept = large_parts(mask)
    rows, columns = (np.nonzero(kept.any(axis))[0] for axis in (1, 0))
    return np.array([[rows[0], rows[-1] + 1], [columns[0], columns[-1] + 1]], float)


def large_parts(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """A mask without its specks."""
    labels, _ = scipy.ndimage.label(mask, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return (sizes >= max(1, _SPECK * sizes.max()))[labels]


def resized_window(
    grey: np.ndarray, top: float, left: float, side: float, size: int
) -> UInt8[np.ndarray, "h w"]:
    """A square window of a picture, white where it reaches beyond the picture."""
    beyond = max(-top, -left, top + side - grey.shape[0], left + side - grey.shape[1])
    margin = max(0, int(np.ceil(beyond)))
    padded = np.pad(grey, margin, constant_values=_WHITE)
    image = Image.fromarray(np.rint(padded).astype(np.uint8))
    top, left = top + margin, left + margin
    box = (left, top, left + side, top + side)
    # Means over areas, as when data sets are read; bilinear where that enlarges.
    method = Image.Resampling.BOX if side >= size else Image.Resampling.BILINEAR
    return np.asarray(image.resize((size, size), method, box))


def _describe(box: np.ndarray, side: float) -> Float[np.ndarray, " 3"]:
    return np.array([np.hypot(*(box[:, 1] - box[:, 0])), *box.mean(1)]) / side


def _features(
    mask: Bool[np.ndarray, "h w"], box: Float[np.ndarray, "axis end"]
) -> Float[np.ndarray, " features"]:
    """One, the shape of the box, and the outline in a square around it."""
    height, width = box[:, 1] - box[:, 0]
    side = float(np.hypot(height, width))
    top, left = (box.mean(1) - side / 2).tolist()
    grey = np.where(mask, 0.0, _WHITE)
    outline = 1 - resized_window(grey, top, left, side, _CELLS) / _WHITE
    upright = np.log(height / width)
    return np.array([1.0, upright, upright**2, upright**3, *outline.ravel()])
