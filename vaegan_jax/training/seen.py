"""Which views of a batch the encoder sees in a step, and which of them are pooled."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key, UInt8
from ml_collections import ConfigDict

from vaegan_jax.models.multiview import choose_views, draw_views


class Seen(NamedTuple):
    """The views of each shape of a batch.

    Attributes:
      views: those that are encoded.
      cameras: of these; None if the batch tells none.
      azimuths: by number, where E has heads for each and sees some of them alone.
      chosen: those that are pooled; None if all are.
    """

    views: UInt8[Array, "b v h w c"]
    cameras: Float[Array, "b v 4"] | None = None
    azimuths: Int[Array, "b v"] | None = None
    chosen: Bool[Array, "b v"] | None = None


def see(config: ConfigDict, batch: dict[str, Array], key: Key[Array, ""]) -> Seen:
    """The views of a batch that a step sees, as `config.data` says.

    Args:
      config: a completed configuration.
      batch: with `views` and perhaps `cameras`.
      key: of all draws.
    """
    views, cameras, azimuths, chosen = batch["views"], batch.get("cameras"), None, None
    if config.data.encoded_views:
        order_key = jax.random.fold_in(key, 2)
        azimuths = draw_views(order_key, *views.shape[:2], config.data.encoded_views)
        views = jnp.take_along_axis(views, azimuths[:, :, None, None, None], axis=1)
        if cameras is not None:
            cameras = jnp.take_along_axis(cameras, azimuths[:, :, None], axis=1)
    if config.data.fewest_views:
        choice_key = jax.random.fold_in(key, 1)  # leaves the samples as they are
        chosen = choose_views(choice_key, *views.shape[:2], config.data.fewest_views)
    return Seen(views, cameras, azimuths, chosen)
