"""Which of the shapes that are measured were in training, too."""

import dataclasses

import numpy as np
from jaxtyping import Bool

from vaegan_jax.data.examples import Examples
from vaegan_jax.metrics.distances import iou_distances
from vaegan_jax.shapes.copies import mirror_digest

NEAR = 0.9  # IoU


@dataclasses.dataclass(frozen=True)
class Copies:
    """Of each measured shape, whether a training shape is alike.

    Attributes:
      equal: one is identical, or its mirror image.
      near: none is, but one has an IoU above `NEAR`, mirrored or not.
    """

    equal: Bool[np.ndarray, " n"]
    near: Bool[np.ndarray, " n"]

    @property
    def some(self) -> bool:
        """Whether there are some, and some others to look at without them."""
        return bool(self.equal.any() and not self.equal.all())


def find_copies(examples: Examples, train: Examples) -> Copies:
    """Compares measured shapes with all of the training split."""
    known = {mirror_digest(grid) for grid in train.voxels}
    equal = np.array([mirror_digest(grid) in known for grid in examples.voxels])
    shapes, trained = examples.voxels > 0, train.voxels > 0
    distances = np.minimum(
        iou_distances(shapes, trained).min(1),
        iou_distances(shapes[:, ::-1], trained).min(1),
    )
    return Copies(equal, (1 - distances > NEAR) & ~equal)
