"""The 2D encoder E: an image to a Gaussian over latents (Larsen et al. 2016)."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, UInt8

from vaegan_jax.distributed.partition import own_rows
from vaegan_jax.models.camera_code import NUMBERS
from vaegan_jax.models.convolutions.strided import Formulation
from vaegan_jax.models.layers import BatchNorm, StridedConvolution, kernel_init

_CLASSIFIER_WIDTH = 256

# As `kernel_init`, for each azimuth.
_heads_init = nn.initializers.variance_scaling(
    1 / 3, "fan_in", "uniform", batch_axis=(0,)
)


class Posterior(NamedTuple):
    """A diagonal Gaussian q(z | image) for each leading index.

    Of an encoder that tells cameras, `azimuth`: logits of the sectors of azimuth that
    each may be in; and `camera`: the rest of it, see `camera_code.camera_numbers`, but
    of an encoder with a last layer for each azimuth, which only knows a ring.
    """

    mean: Float[Array, "*n latent"]
    log_variance: Float[Array, "*n latent"]
    azimuth: Float[Array, "*n azimuths"] | None = None
    camera: Float[Array, "*n 3"] | None = None

    def at(self, place: Any) -> "Posterior":
        """That at a place, or those at places, of the first axis."""
        return jax.tree.map(lambda field: field[place], self)

    def sample(self, key: Key[Array, ""]) -> Float[Array, "*n latent"]:
        """The reparameterised sample: mean + standard deviation × N(0, 1)."""
        count, *rest = self.mean.shape
        noise = own_rows(lambda rows: jax.random.normal(key, (rows, *rest)), count)
        return self.mean + jnp.exp(0.5 * self.log_variance) * noise


class Encoder(nn.Module):
    """2D convolutions of 5² taps, stride 2 and padding 2, then two dense heads.

    With `azimuths` a small network beside the heads tells cameras from the same
    features. What a place in an image says about a place in the grid depends on where
    the camera was: with `azimuth_heads` there are heads for each azimuth, without
    biases, weighed by how likely each is (a mixture of experts with a gate that is
    taught, Jacobs et al. 1991).

    Attributes:
      latent_size: length of a latent vector.
      widths: channels; the sides of what it sees are divisible by `2 ** len(widths)`.
      azimuths: into how many sectors it divides azimuths, to tell cameras; 0: it tells
        none.
      azimuth_heads: whether each of these has heads of its own; or all share one pair.
      image_size: pixels a side that it sees: larger images, whose sides are multiples
        of it, are averaged over squares; 0: images as they are.
      formulation: how convolutions are computed.
      dtype: precision of the products.
    """

    latent_size: int
    widths: Sequence[int] = (64, 128, 256, 512, 400)
    azimuths: int = 0
    azimuth_heads: bool = True
    image_size: int = 0
    formulation: Formulation = "plain"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self,
        images: UInt8[Array, "b h w c"],
        *,
        train: bool,
        groups: int = 1,
        azimuths: Int[Array, " b"] | None = None,
        shares: Float[Array, "b azimuths"] | None = None,
    ) -> Posterior:
        """Encodes each image by itself, but for what `train` and `groups` say.

        Args:
          images: grey or colour in 0 ... 255, on a white background.
          train: use and update batch statistics. If azimuths have heads, images get
            those of theirs; otherwise those of all, as likely as each is.
          groups: equal consecutive parts of the batch with their own batch statistics.
          azimuths: that of each image, in training with heads for each; None if the
            images are equal consecutive parts, one for each azimuth, which takes less
            time.
          shares: of the heads, outside training, where azimuths are known, see
            `camera_code.azimuth_shares`; NaN or None: as E tells.

        Returns:
          Mean and log-variance, each (b, latent), and if E tells cameras what it tells,
          in float32.
        """
        # White becomes 0, so that zero padding continues the background.
        h = _averaged(1 - images.astype(jnp.float32) / 255, self.image_size)
        for width in self.widths:
            h = StridedConvolution(
                width,
                kernel_size=5,
                padding=2,
                formulation=self.formulation,
                dtype=self.dtype,
            )(h)
            h = nn.relu(BatchNorm()(h, train=train, groups=groups))
        h = h.reshape(h.shape[0], -1)
        azimuth = camera = None
        if self.azimuths:
            azimuth, camera = self._tell_camera(h, train, groups)
            if self.azimuth_heads:
                if train and azimuths is not None:
                    shares = jax.nn.one_hot(azimuths, self.azimuths)
                elif not train:
                    told = jax.nn.softmax(azimuth)
                    known = shares is not None
                    shares = (
                        jnp.where(jnp.isnan(shares), told, shares) if known else told
                    )
                return self._heads_of_azimuths(h, shares, azimuth)
        mean, log_variance = (
            nn.Dense(
                self.latent_size, kernel_init=kernel_init, dtype=self.dtype, name=name
            )(h).astype(jnp.float32)
            for name in ("mean", "log_variance")
        )
        return Posterior(mean, log_variance, azimuth, camera)

    def _tell_camera(
        self, h: Float[Array, "b f"], train: bool, groups: int
    ) -> tuple[Float[Array, "b azimuths"], Float[Array, "b 3"] | None]:
        """Logits of azimuths, and the other numbers of cameras."""
        hidden = nn.Dense(
            _CLASSIFIER_WIDTH,
            use_bias=False,
            kernel_init=kernel_init,
            dtype=self.dtype,
            name="azimuth_hidden",
        )(h)
        normalise = BatchNorm(name="azimuth_norm")
        hidden = nn.relu(normalise(hidden, train=train, groups=groups))
        both = jnp.concatenate([h, hidden], -1).astype(jnp.float32)
        tell = functools.partial(nn.Dense, kernel_init=kernel_init)
        azimuth = tell(self.azimuths, name="azimuth")(both)
        if self.azimuth_heads:
            return azimuth, None
        return azimuth, tell(NUMBERS, name="camera")(both)

    def _heads_of_azimuths(
        self,
        h: Float[Array, "b f"],
        shares: Float[Array, "b azimuths"] | None,
        azimuth: Float[Array, "b azimuths"],
    ) -> Posterior:
        """By the heads of azimuths, weighed; None: each of its part of the batch."""
        shape = (self.azimuths, h.shape[-1], 2 * self.latent_size)
        heads = self.param("heads", _heads_init, shape).astype(self.dtype)
        product = functools.partial(jnp.einsum, preferred_element_type=jnp.float32)
        h = h.astype(self.dtype)
        if shares is None:
            parts = h.reshape(self.azimuths, -1, h.shape[-1])
            y = product("abf,afz->abz", parts, heads).reshape(len(h), -1)
        else:
            each = product("bf,afz->baz", h, heads)
            y = jnp.einsum("baz,ba->bz", each, shares)
        return Posterior(*jnp.split(y, 2, -1), azimuth=azimuth)


def _averaged(
    images: Float[Array, "b h w c"], size: int
) -> Float[Array, "b size size c"]:
    """Means over squares; the images themselves if these are as large, or size is 0."""
    batch, side, *_, channels = images.shape
    if size in (0, side):
        return images
    squares = images.reshape(batch, size, side // size, size, side // size, channels)
    return squares.mean((2, 4))
