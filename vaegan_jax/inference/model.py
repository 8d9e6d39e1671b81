"""A trained model: latents to shapes and views to shapes."""

import dataclasses
import functools
import warnings
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Shaped, UInt8
from ml_collections import ConfigDict

from vaegan_jax.errors import UserError
from vaegan_jax.inference.doubtful_framing import settle
from vaegan_jax.inference.latent_mixture import LatentMixture
from vaegan_jax.models.camera_code import azimuth_shares
from vaegan_jax.models.encoder import Encoder
from vaegan_jax.models.generator import Generator
from vaegan_jax.models.multiview import encode_views, expected_latent
from vaegan_jax.models.networks import Networks
from vaegan_jax.models.prior import build_prior
from vaegan_jax.shapes.pictures.files import Picture
from vaegan_jax.shapes.pictures.fitting import FittedPicture, fit_and_tell
from vaegan_jax.shapes.pictures.framing import Framing, usual_framing
from vaegan_jax.shapes.pictures.given_views import (
    checked_views,
    one_shape,
    several_shapes,
    warn_of_backgrounds,
)

_BATCH = 32


def decode_function(
    generator: Generator, variables: Any, latents: Float[Array, "b latent"]
) -> Float[Array, "b x y z"]:
    """Latents to occupancy probabilities, with running statistics."""
    logits = generator.apply(variables, latents, train=False)
    return jax.nn.sigmoid(logits[..., 0])


def encode_function(
    encoder: Encoder,
    pooling: str,
    variables: Any,
    views: UInt8[Array, "b v h w c"],
    azimuths: Float[Array, "b v"] | None = None,
) -> Float[Array, "b latent"]:
    """Views, perhaps of known azimuths, to expected latents; running statistics."""
    shares = None if azimuths is None else azimuth_shares(azimuths, encoder.azimuths)
    posterior, _ = encode_views(encoder, variables, views, train=False, shares=shares)
    return expected_latent(posterior, pooling)


_decode = jax.jit(decode_function, static_argnums=0)
_encode = jax.jit(encode_function, static_argnums=(0, 1))


def _in_batches(function, *inputs: np.ndarray) -> np.ndarray:
    """Applies to batches of one size, so that `function` is compiled once per shape."""
    outputs, count = [], len(inputs[0])
    size = min(_BATCH, count)
    for start in range(0, count, size):
        # The last example again, until the batch is full.
        places = np.minimum(np.arange(start, start + size), count - 1)
        output = np.asarray(function(*(array[places] for array in inputs)))
        outputs.append(output[: count - start])
    return np.concatenate(outputs)


@dataclasses.dataclass(frozen=True)
class Model:
    """Networks with their variables, evaluated with running BatchNorm statistics.

    Shapes are occupancy probabilities, float32 (b, x, y, z) from 0 to 1, z up, front
    towards −y. All methods are deterministic.

    Attributes:
      config: the completed configuration.
      networks: the modules.
      variables: as from `TrainState.sampling_variables`.
      step: how many steps it was trained.
      framing: of the views of training.
      mixture: what latents of new shapes are drawn from; None is the prior.
    """

    config: ConfigDict
    networks: Networks
    variables: dict[str, Any]
    step: int
    framing: Framing = dataclasses.field(default_factory=usual_framing)
    mixture: LatentMixture | None = None

    def draw_latents(
        self, count: int, seed: int = 0, truncation: float = 1.0
    ) -> Float[np.ndarray, "b latent"]:
        """Latents of new shapes, the first of more or fewer alike.

        From the mixture if there is one, or else from the prior that training used.

        Args:
          count: how many.
          seed: from 0 up.
          truncation: scales their distance from the mean: less than 1 gives more usual
            and less varied shapes (Karras et al. 2019, there in the space w).

        Raises:
          UserError: the truncation is negative, or less than one shape is wanted.
        """
        if count < 1:
            raise UserError(f"{count} shapes cannot be drawn; ask for 1 or more")
        if not truncation >= 0:
            raise UserError(f"truncation is {truncation}; it must be 0 or more")
        if self.mixture is not None:
            return self.mixture.draw(count, seed, truncation)
        prior, size = build_prior(self.config), self.config.model.latent_size
        drawn = np.asarray(prior.sample(jax.random.key(seed), count, size))
        return drawn * np.float32(truncation)

    def generate(
        self, latents: Float[np.ndarray, "b latent"]
    ) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of the shapes that `draw_latents` stands for."""
        if self.mixture is not None:  # fitted to latents of views
            return self.decode(latents)
        return self._apply_generator(self.variables["generator"], latents)

    def decode(
        self, latents: Float[np.ndarray, "b latent"]
    ) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of the shapes that latents of views stand for.

        The same network as `generate`, with the running statistics of such latents.
        """
        stats = self.variables["decoder_stats"]
        variables = self.variables["generator"] | {"batch_stats": stats}
        return self._apply_generator(variables, latents)

    def _apply_generator(self, variables, latents):
        function = functools.partial(_decode, self.networks.generator, variables)
        return _in_batches(function, latents)

    def sample(
        self, count: int, seed: int = 0, truncation: float = 1.0
    ) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of `count` new shapes; see `draw_latents`."""
        return self.generate(self.draw_latents(count, seed, truncation))

    def fit_views(
        self, pictures: Picture | Sequence[Picture], keep_framing: bool = False
    ) -> UInt8[np.ndarray, "v h w c"]:
        """Pictures of one shape as the views that the encoder takes.

        Args:
          pictures: files, images or arrays of any size, a folder of them, or a single
            one; see `fit_picture`.
          keep_framing: leave size and place of the object in the pictures as they are.

        Raises:
          UserError: there is none, or one cannot be read or told from its background.
        """
        return np.stack([fitted.view for fitted in self.fit(pictures, keep_framing)])

    def fit(
        self, pictures: Picture | Sequence[Picture], keep_framing: bool = False
    ) -> list[FittedPicture]:
        """As `fit_views`, each view beside the picture that it was; warns alike.

        Where an outline does not tell whether a picture is framed as in training, what
        the model makes of it decides, see `doubtful_framing`.
        """
        self.require_encoder()
        size, channels = self._view_shape
        fitted = [
            fit_and_tell(picture, size, keep_framing, self.framing, channels)
            for picture in one_shape(pictures)
        ]
        fitted = settle(fitted, lambda views: self.decode(self.encode(views)))
        for one in fitted:
            for note in one.notes:
                warnings.warn(f"{one.name}: {note}", stacklevel=3)
        return fitted

    def encode(
        self,
        views: Shaped[np.ndarray, "..."] | Shaped[Array, "..."],
        cameras: Shaped[np.ndarray, "..."] | Sequence[Any] | None = None,
    ) -> Float[np.ndarray, "b latent"]:
        """The expected latents of shapes seen in any number of views, in any order.

        Args:
          views: (b, v, h, w, c), uint8 or whole numbers from 0 (black) to 255 (white);
            c is `config.model.image_channels`.
          cameras: of the views, the numbers of `ViewCamera`, NaN where they are not
            known. A model with heads of azimuths (`config.model.azimuths`) then need
            not find these out; others do not look at them.

        Raises:
          UserError: the model has no encoder, the views have not its size or other
            values, or the cameras are not theirs.
        """
        self.require_encoder()
        encoder, pooling = self.networks.encoder, self.config.model.pooling
        views = checked_views(np.asarray(views), *self._view_shape)
        function = functools.partial(
            _encode, encoder, pooling, self.variables["encoder"]
        )
        azimuths = None
        if cameras is not None:
            azimuths = self.told_azimuths(_checked_cameras(cameras, views))
        known = () if azimuths is None else (azimuths,)
        return _in_batches(function, views, *known)

    def told_azimuths(
        self, cameras: Float[np.ndarray, "b v 4"]
    ) -> Float[np.ndarray, "b v"] | None:
        """What the encoder makes use of, of known cameras; None if of nothing."""
        encoder = self.networks.encoder
        heads = encoder.azimuths > 0 and encoder.azimuth_heads
        if not heads or not np.isfinite(cameras[..., 0]).any():
            return None
        return np.float32(cameras[..., 0])

    def reconstruct(
        self,
        views: Shaped[np.ndarray, "..."]
        | Shaped[Array, "..."]
        | Picture
        | Sequence[Picture | Sequence[Picture]],
        cameras: Shaped[np.ndarray, "..."] | Sequence[Any] | None = None,
    ) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of shapes seen in views or pictures.

        Args:
          views: (b, v, h, w, c) as `encode` takes them, on white as in training, the
            same number of each shape; or for each shape a list of pictures, any
            number of any size, or a folder of them, fitted first. A single picture is
            one shape.
          cameras: of each shape's views or pictures, as `encode` takes them.

        Raises:
          UserError: the model has no encoder, views or pictures do not fit, cameras
            are not theirs, or it is not clear which pictures are of one shape.
        """
        self.require_encoder()
        if isinstance(views, np.ndarray | jax.Array):
            views = np.asarray(views)
            latents = self.encode(views, cameras)
            warn_of_backgrounds(views.astype(np.uint8))
            return self.decode(latents)
        shapes = several_shapes(views)
        known = [None] * len(shapes) if cameras is None else [[one] for one in cameras]
        if len(known) != len(shapes):
            raise UserError(
                f"there are {len(shapes)} shapes but cameras of {len(known)}; give "
                "those of each"
            )
        encoded = [
            self.encode(self.fit_views(pictures)[None], of)
            for pictures, of in zip(shapes, known, strict=True)
        ]
        return self.decode(np.concatenate(encoded))

    @property
    def _view_shape(self) -> tuple[int, int]:
        """Pixels a side and channels of a view."""
        return self.config.model.image_size, self.config.model.image_channels

    def require_encoder(self) -> None:
        """Raises UserError if the model is a plain 3D-GAN."""
        if self.networks.encoder is None:
            raise UserError(
                "this is a plain 3D-GAN, which has no encoder; train vae_gan or "
                "mv_vae_gan to reconstruct shapes from views"
            )


def _checked_cameras(
    cameras: Any, views: UInt8[np.ndarray, "b v h w c"]
) -> Float[np.ndarray, "b v 4"]:
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
