"""Which of two framings of pictures is right, where their outlines do not tell."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, UInt8

from vaegan_jax.metrics.reconstruction import OCCUPIED
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.pictures.fitting import FittedPicture
from vaegan_jax.shapes.silhouettes import Outlines

Reconstruct = Callable[
    [UInt8[np.ndarray, "n 1 h w c"]], Float[np.ndarray, "n x y z"]
]  # each from its one view


def settle(
    fitted: Sequence[FittedPicture], reconstruct: Reconstruct
) -> list[FittedPicture]:
    """Pictures of one shape, the doubtful ones as given or all of them reframed.

    A shape is reconstructed from each view of either kind, and its outline, from the
    best place of the usual camera, compared with that of the view. The kind whose views
    are explained better, on average, is kept: pictures of one shape are mostly framed
    in one way.

    Args:
      fitted: of one shape.
      reconstruct: occupancy probabilities from single views.
    """
    doubtful = [one for one in fitted if one.otherwise is not None]
    if not doubtful:
        return list(fitted)
    both = [[_pick(one, moved) for one in doubtful] for moved in (False, True)]
    views = [np.stack([one.view for one in kind]) for kind in both]
    shapes = reconstruct(np.concatenate(views)[:, None]) > OCCUPIED
    cameras = numbers_of(Camera().views())
    likeness = [
        Outlines(shape).likeness(view, cameras).max()
        for shape, view in zip(shapes, np.concatenate(views), strict=True)
    ]
    given, reframed = np.reshape(likeness, (2, -1)).mean(1)
    return [_pick(one, moved=bool(reframed > given)) for one in fitted]


def _pick(one: FittedPicture, moved: bool) -> FittedPicture:
    if one.otherwise is None or one.moved == moved:
        return one
    return one.otherwise
