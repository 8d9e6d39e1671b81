"""Which of the shapes that are measured were in training, too."""

import dataclasses

import numpy as np
from jaxtyping import Bool, UInt8

from vaegan_jax.data.examples import Stored
from vaegan_jax.metrics.distances import nearest_by_iou
from vaegan_jax.shapes.copies import mirror_digest

NEAR = 0.9  # IoU

Voxels = UInt8[Stored, "_ x y z"]


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


def find_copies(shapes: Voxels, train: Voxels) -> Copies:
    """Compares measured shapes with those of a training split."""
    equal = equal_to_some(shapes, train)
    occupied = shapes[...] > 0
    straight, _ = nearest_by_iou(occupied, train)
    mirrored, _ = nearest_by_iou(occupied[:, ::-1], train)
    distances = np.minimum(straight, mirrored)
    return Copies(equal, (1 - distances > NEAR) & ~equal)


def equal_to_some(shapes: Voxels, others: Voxels) -> Bool[np.ndarray, " n"]:
    """Which shapes are identical to one of the others, or its mirror image."""
    known = set(map(mirror_digest, others))
    return np.array([mirror_digest(grid) in known for grid in shapes], bool)
