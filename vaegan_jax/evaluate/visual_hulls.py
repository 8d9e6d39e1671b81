"""What needs no learning where cameras are known: the visual hulls of a split."""

import functools

import numpy as np
from jaxtyping import Bool

from vaegan_jax.data.examples import Examples
from vaegan_jax.inference.views import view_subsets
from vaegan_jax.shapes.visual_hull import surface, visual_hull


class VisualHulls:
    """Hulls of a split's shapes, from seeded subsets of their views.

    `solids(views, seed)` are (n, x, y, z), as `surfaces` are.

    Args:
      examples: with cameras of all views, see `known`.
    """

    def __init__(self, examples: Examples):
        self._examples = examples
        self.solids = functools.cache(self._make)

    @staticmethod
    def known(examples: Examples) -> bool:
        """Whether all cameras are."""
        return examples.cameras is not None and bool(
            np.isfinite(examples.cameras).all()
        )

    def surfaces(self, views: int, seed: int) -> Bool[np.ndarray, "n x y z"]:
        """The outermost cells of the hulls, for data sets of surfaces."""
        return np.stack([surface(grid) for grid in self.solids(views, seed)])

    def _make(self, views: int, seed: int) -> Bool[np.ndarray, "n x y z"]:
        shapes, stored = self._examples.views.shape[:2]
        subset = view_subsets(shapes, stored, views, seed)
        hulls = []
        for shape, chosen in enumerate(subset):
            hulls.append(
                visual_hull(
                    self._examples.views[shape, chosen],
                    np.float64(self._examples.cameras[shape, chosen]),
                    self._examples.voxels.shape[-1],
                )
            )
        return np.stack(hulls)
