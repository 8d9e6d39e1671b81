"""The refiner R: what G makes of a latent, and what the pictures show, to a grid.

A latent of some hundred numbers says what kind of shape it is, and pictures where its
parts are. R tells where cells are in the pictures (`frame_estimator`), reads these at
every cell (`evidence`) and takes G's logits beside, in
the tradition of the refiner of Pix2Vox (Xie et al. 2019,
https://arxiv.org/abs/1901.11153); it is a 3D U-Net (Çiçek et al. 2016,
https://arxiv.org/abs/1606.06650) over blocks of 2³ cells.
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, UInt8

from vaegan_jax.models.convolutions.phases import merge_phases, split_phases
from vaegan_jax.models.convolutions.strided import Formulation
from vaegan_jax.models.evidence import Evidence, seen_views, summarise
from vaegan_jax.models.frame_estimator import FrameEstimator, hull_ends
from vaegan_jax.models.generator import EMPTY
from vaegan_jax.models.layers import BatchNorm, Convolution, kernel_init
from vaegan_jax.shapes.frames import cell_centres

# Of G's logits: surer ones say no more; and what is about one of R's.
_LARGEST, _UNIT = 6.0, 3.0
# As G, from grids as sparse as the data.
_empty = nn.initializers.constant(EMPTY)
_PHASES = 8  # cells of a block


class Refiner(nn.Module):
    """A U-Net, each level of which halves the grid of the one before.

    `place` comes before it, and learns beside.

    Attributes:
      widths: channels at half of the resolution, a quarter, ...
      formulation: how convolutions are computed.
      dtype: precision of the products.
    """

    widths: Sequence[int] = (64, 128, 256)
    formulation: Formulation = "plain"
    dtype: Any = jnp.float32

    def setup(self):
        self.frame_estimator = FrameEstimator()

    def place(
        self,
        views: UInt8[Array, "b v h w c"],
        cameras: Float[Array, "b v 4"],
        logits: Float[Array, "b x y z 1"],
        chosen: Bool[Array, "b v"] | None = None,
    ) -> tuple[Float[Array, " b"], Float[Array, "b 3"]]:
        """Returns scales and middles, as `read_views` takes them beside these.

        Args:
          views: as of `read_views`.
          cameras: the same.
          logits: of G, of the latent of the same views.
          chosen: as of `read_views`.
        """
        cameras, seen = seen_views(cameras, chosen)
        return self.frame_estimator(
            hull_ends(views, cameras, seen),
            summarise(cameras, seen),
            jax.nn.sigmoid(logits[..., 0]),
        )

    @nn.compact
    def __call__(
        self,
        evidence: Evidence,
        logits: Float[Array, "b x y z 1"],
        *,
        train: bool,
    ) -> Float[Array, "b x y z 1"]:
        """Returns occupancy logits in float32.

        Args:
          evidence: what the views show.
          logits: of G, of the latent of the same views.
          train: use and update batch statistics.
        """
        if self.is_initializing():
            self._initialise_place(logits)
        h = self._dense(self.widths[0], _side_by_side(evidence, logits))
        h = nn.relu(BatchNorm()(h, train=train))
        finer = []
        for width in self.widths[:-1]:
            h = self._convolve_twice(width, h, train)
            finer.append(h)
            h = _halve(h)
        h = self._convolve_twice(self.widths[-1], h, train)
        for width, beside in zip(self.widths[-2::-1], reversed(finer), strict=True):
            h = beside + merge_phases(self._dense(_PHASES * width, h))
            h = self._convolve_twice(width, h, train)
        said = nn.Dense(
            _PHASES, bias_init=_empty, kernel_init=kernel_init, dtype=self.dtype
        )(h)
        return merge_phases(said).astype(jnp.float32)

    def _initialise_place(self, logits: Float[Array, "b x y z 1"]) -> None:
        views = jnp.zeros((len(logits), 1, 8, 8, 1), jnp.uint8)
        self.place(views, jnp.ones((len(logits), 1, 4)), logits)

    def _dense(self, width: int, h: Float[Array, "b *n c"]) -> Float[Array, "b *n o"]:
        return nn.Dense(
            width, use_bias=False, kernel_init=kernel_init, dtype=self.dtype
        )(h)

    def _convolve_twice(
        self, width: int, h: Float[Array, "b x y z c"], train: bool
    ) -> Float[Array, "b x y z o"]:
        for _ in range(2):
            h = Convolution(width, formulation=self.formulation, dtype=self.dtype)(h)
            h = nn.relu(BatchNorm()(h, train=train))
        return h


def _side_by_side(
    evidence: Evidence, logits: Float[Array, "b x y z 1"]
) -> Float[Array, "b x/2 y/2 z/2 c"]:
    """All numbers of each block of cells."""
    centres = np.float32(2 * cell_centres(logits.shape[1]) - 1)
    said = jnp.clip(logits, -_LARGEST, _LARGEST) / _UNIT
    blocks = [
        evidence.cells,
        _mirrored(evidence.cells),
        split_phases(said),
        split_phases(jax.nn.sigmoid(logits)),
        split_phases(centres[None]),
        evidence.views[:, None, None, None],
    ]
    shape = evidence.cells.shape[:-1]
    spread = [jnp.broadcast_to(x, (*shape, x.shape[-1])) for x in blocks]
    return jnp.concatenate(spread, -1)


def _mirrored(cells: Float[Array, "b x y z c"]) -> Float[Array, "b x y z c"]:
    """The numbers of the cells on the other side of the plane x = 0.

    Much of what people make is about symmetric there, so a single view shows both.
    """
    sides = cells.reshape(*cells.shape[:-1], 2, -1)  # x is the slowest of the phases
    return jnp.flip(sides, (1, -2)).reshape(cells.shape)


def _halve(h: Float[Array, "b *n c"]) -> Float[Array, "b *m c"]:
    """Maxima over blocks.

    XLA's own take long to differentiate on a CPU, and its gradient compares inputs with
    the maximum: where a compiler computes these anew and rounds otherwise, none is it,
    and the gradient becomes 0 / 0.
    """
    blocks = split_phases(h)
    blocks = blocks.reshape(*blocks.shape[:-1], _PHASES, -1)
    while blocks.shape[-2] > 1:
        a, b = jnp.split(blocks, 2, -2)
        blocks = jnp.where(a >= b, a, b)
    return blocks[..., 0, :]
