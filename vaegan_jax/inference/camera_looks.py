"""The cameras of the pictures of a shape, by what a model makes of these.

First the outlines of G's shape tell them; with a refiner then those of what R makes
with the first ones, which are nearer to the truth. A third look gained nothing.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, UInt8

from vaegan_jax.inference.camera_estimates import CameraEstimate, CameraEstimator
from vaegan_jax.models.encoder import Posterior
from vaegan_jax.shapes.cameras import numbers_of

Shape = Float[np.ndarray, "x y z"]
Cameras = Float[np.ndarray, "v 4"]


def find_cameras(
    views: UInt8[np.ndarray, "v h w c"],
    told: Posterior,
    of_generator: Shape,
    refine: Callable[[Cameras], Shape] | None,
    known: Cameras,
    moved: Sequence[bool],
    ring: bool = False,
) -> list[CameraEstimate]:
    """The cameras of the views of one shape, those that are known among them.

    Args:
      views: framed as those of training are.
      told: their posteriors, fields (v, ...).
      of_generator: what G makes of them.
      refine: what R makes of them with these cameras; None without a refiner.
      known: numbers of the cameras of their pictures, NaN where they are not known.
      moved: of each view, whether it shows the shape at another size than its picture
        does.
      ring: the pictures go once around the shape, in equal steps.
    """

    def look(shape: Shape) -> list[CameraEstimate]:
        return CameraEstimator(views, shape, told).estimate_all(known, moved, ring)

    found = look(of_generator)
    settled = np.isfinite(known).all() and not any(moved)
    if refine is None or settled:
        return found
    return look(refine(of_views(found)))


def of_views(found: Sequence[CameraEstimate]) -> Cameras:
    """The numbers of the cameras of the views that pictures became."""
    return numbers_of([one.of_view or one.camera for one in found])
