"""A trained model: new shapes, and pictures of any size to shapes."""

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Shaped, UInt8

from vaegan_jax.errors import UserError
from vaegan_jax.inference.camera_estimates import CameraEstimate
from vaegan_jax.inference.camera_looks import find_cameras, of_views
from vaegan_jax.inference.doubtful_framing import settle
from vaegan_jax.inference.latent_mixture import LatentMixture
from vaegan_jax.inference.trained_networks import TrainedNetworks
from vaegan_jax.models.encoder import Posterior
from vaegan_jax.models.prior import build_prior
from vaegan_jax.shapes.cameras import numbers_of
from vaegan_jax.shapes.pictures.files import Picture
from vaegan_jax.shapes.pictures.fitting import FittedPicture, fit_and_tell
from vaegan_jax.shapes.pictures.framing import Framing, usual_framing
from vaegan_jax.shapes.pictures.given_views import (
    checked_cameras,
    checked_views,
    one_shape,
    several_shapes,
    warn_of_backgrounds,
)


class FromPictures(NamedTuple):
    """One shape that was reconstructed from its pictures.

    Attributes:
      shape: occupancy probabilities.
      cameras: of the pictures, known or estimated.
      of_generator: what G alone made of them; None if that is the shape, for want of a
        refiner.
    """

    shape: Float[np.ndarray, "x y z"]
    cameras: list[CameraEstimate]
    of_generator: Float[np.ndarray, "x y z"] | None


@dataclasses.dataclass(frozen=True)
class Model(TrainedNetworks):
    """Trained networks, what new latents are drawn from, and how pictures are taken.

    Attributes:
      step: how many steps it was trained.
      framing: of the views of training.
      mixture: what latents of new shapes are drawn from; None is the prior.
    """

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
        """Occupancy probabilities of the shapes that `draw_latents` stands for.

        With a refiner that has learnt to do without views (`config.augmentation.blind`)
        what it makes of them, if latents are like those of views: of a mixture.
        """
        if self.mixture is None:
            return self.decode(latents, of_prior=True)
        if self.networks.refiner is not None and self.config.augmentation.blind:
            return self.clean(latents)
        return self.decode(latents)

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
        size, channels = self.view_shape
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
        views = checked_views(np.asarray(views), *self.view_shape)
        if cameras is not None:
            cameras = checked_cameras(cameras, views)
        return self.pool(self.encode_each(views, cameras))

    def refine(
        self,
        posteriors: Posterior,
        views: UInt8[np.ndarray, "b v h w c"],
        cameras: Float[np.ndarray, "b v 4"] | None = None,
    ) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of shapes from their encoded views.

        What `decode` makes of their latents; with a refiner, what this makes of that
        and of the views. For it cameras that are not known are estimated.

        Args:
          posteriors: of the views, as from `encode_each`.
          views: as `encode` takes them, checked.
          cameras: of these, NaN where they are not known.
        """
        latents = self.pool(posteriors)
        if self.networks.refiner is None:
            return self.decode(latents)
        complete = self.complete_cameras(posteriors, views, cameras)
        return self.carve(latents, views, np.float32(complete))

    def complete_cameras(
        self,
        posteriors: Posterior,
        views: UInt8[np.ndarray, "b v h w c"],
        cameras: Float[np.ndarray, "b v 4"] | None = None,
    ) -> Float[np.ndarray, "b v 4"]:
        """The cameras of views, those that are not known by `find_cameras`.

        Arguments are those of `refine`.
        """
        if cameras is None:
            cameras = np.full((*views.shape[:2], 4), np.nan)
        complete, stay = cameras.copy(), [False] * views.shape[1]
        for i in np.flatnonzero(~np.isfinite(cameras).all((1, 2))).tolist():
            one = slice(i, i + 1)
            found = self.find_cameras(posteriors.at(one), views[one], cameras[i], stay)
            unknown = ~np.isfinite(cameras[i]).all(-1)
            complete[i, unknown] = numbers_of([o.camera for o in found])[unknown]
        return complete

    def find_cameras(
        self,
        told: Posterior,
        views: UInt8[np.ndarray, "1 v h w c"],
        known: Float[np.ndarray, "v 4"],
        moved: Sequence[bool],
        ring: bool = False,
    ) -> list[CameraEstimate]:
        """The cameras of the views of one shape, see `camera_looks.find_cameras`.

        Args:
          told: the posteriors of the views, as from `encode_each`.
          views: as `encode` takes them, checked.
          known, moved, ring: as there.
        """

        def refine(cameras: Float[np.ndarray, "v 4"]) -> Float[np.ndarray, "x y z"]:
            return self.refine(told, views, cameras[None])[0]

        shape = self.decode(self.pool(told))[0]
        again = None if self.networks.refiner is None else refine
        of_one = views[0], told.at(0), shape, again
        return find_cameras(*of_one, known, moved, ring)

    def reconstruct(
        self,
        views: Shaped[np.ndarray, "..."]
        | Shaped[Array, "..."]
        | Picture
        | Sequence[Picture | Sequence[Picture]],
        cameras: Shaped[np.ndarray, "..."] | Sequence[Any] | None = None,
    ) -> Float[np.ndarray, "b x y z"]:
        """Occupancy probabilities of shapes seen in views or pictures.

        With a refiner (`config.model.refiner`), what this makes of G's shape and of the
        views, which it reads at the place of every cell. For that it takes the cameras
        that are known and estimates the others; without a refiner none is estimated.

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
            views = checked_views(views, *self.view_shape)
            warn_of_backgrounds(views)
            if cameras is not None:
                cameras = checked_cameras(cameras, views)
            return self.refine(self.encode_each(views, cameras), views, cameras)
        shapes = several_shapes(views)
        known = [None] * len(shapes) if cameras is None else [[one] for one in cameras]
        if len(known) != len(shapes):
            raise UserError(
                f"there are {len(shapes)} shapes but cameras of {len(known)}; give "
                "those of each"
            )
        return np.stack(
            [
                self._reconstruct_pictures(pictures, of)
                for pictures, of in zip(shapes, known, strict=True)
            ]
        )

    def _reconstruct_pictures(
        self, pictures: Sequence[Picture], cameras: Any
    ) -> Float[np.ndarray, "x y z"]:
        fitted = self.fit(pictures)
        views = np.stack([one.view for one in fitted])[None]
        known = np.full((*views.shape[:2], 4), np.nan)
        if cameras is not None:
            known = checked_cameras(cameras, views)
        if self.networks.refiner is None:  # which cameras would be estimated for
            return self.refine(self.encode_each(views, known), views)[0]
        return self.reconstruct_fitted(fitted, known[0]).shape

    def reconstruct_fitted(
        self,
        fitted: Sequence[FittedPicture],
        known: Float[np.ndarray, "v 4"],
        ring: bool = False,
    ) -> FromPictures:
        """One shape, and the cameras of its pictures, whether R needs them or not.

        Args:
          fitted: its pictures, as from `fit`.
          known: numbers of the cameras of the pictures, NaN where they are not known.
          ring: the pictures go once around the shape, in equal steps.
        """
        views = np.stack([one.view for one in fitted])[None]
        told = self.encode_each(views, known[None])
        moved = [one.moved for one in fitted]
        found = self.find_cameras(told, views, known, moved, ring)
        shape = self.decode(self.pool(told))[0]
        if self.networks.refiner is None:
            return FromPictures(shape, found, None)
        refined = self.refine(told, views, of_views(found)[None])[0]
        return FromPictures(refined, found, of_generator=shape)
