"""Random changes of a training batch, so that few shapes teach more.

Chairs that are mirrored are chairs; a picture that is a little larger, shifted or
brighter shows the same one, and so does one whose outline is a little too wide, as that
of a photograph which was cut out. Views and their cameras, voxels and targets change
together where they must.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key, UInt8
from ml_collections import ConfigDict

from vaegan_jax.distributed.partition import own_rows

_WHITE = 255.0


def augment(
    key: Key[Array, ""], batch: dict[str, Array], options: ConfigDict
) -> dict[str, Array]:
    """A batch with each shape and view changed at random.

    Args:
      key: of all draws.
      batch: uint8 `voxels` (b, x, y, z) and, unless there are none, `targets` like them
        and `views` (b, v, h, w, c), grey on white, perhaps with `cameras` (b, v, 4).
      options: `config.augmentation`; what is off changes nothing and costs nothing.

    Returns:
      The changed batch, of the same shapes and types.
    """
    mirror_key, frame_key, contrast_key = jax.random.split(key, 3)
    views, cameras = batch.get("views"), batch.get("cameras")
    changed = {name: batch[name] for name in ("voxels", "targets") if name in batch}
    if options.mirror:
        flags = _draw(mirror_key, (len(batch["voxels"]),), 0.0, 1.0) < 0.5
        changed = {k: _flip_where(flags, x, axis=1) for k, x in changed.items()}
        # From the mirrored azimuth a mirrored chair shows the mirrored view. So the
        # azimuths of a shape's views become their mirror images, which a ring of
        # cameras that begins at the front has too.
        views = None if views is None else _flip_where(flags, views, axis=3)
        if cameras is not None:
            signs = jnp.where(flags, -1.0, 1.0)[:, None]
            cameras = cameras.at[..., 0].multiply(signs)
    if views is not None and (options.zoom or options.shift):
        views, scale = _reframe(frame_key, views, options.zoom, options.shift)
        if cameras is not None:  # of a picture that is larger, the lens is longer
            half = jnp.tan(jnp.deg2rad(cameras[..., 3]) / 2) / scale
            cameras = cameras.at[..., 3].set(jnp.rad2deg(2 * jnp.arctan(half)))
    if views is not None and options.contrast:
        shape = (*views.shape[:2], 1, 1, 1)
        factor = 1 + _draw(contrast_key, shape, -options.contrast, options.contrast)
        views = _to_views((_WHITE - views) * factor)
    if views is not None and options.background:
        # The key that a split into four would give: others stay as they were.
        views = _darken(jax.random.fold_in(key, 3), views, options.background)
    if views is not None and options.outline:
        views = _move_outlines(jax.random.fold_in(key, 4), views, options.outline)
    also = {"views": views, "cameras": cameras}
    return changed | {name: value for name, value in also.items() if value is not None}


def _draw(
    key: Key[Array, ""], shape: tuple[int, ...], low: float, high: float
) -> Float[Array, " b *n"]:
    """Uniform numbers, on every device those of its rows."""
    count, *rest = shape
    return own_rows(
        lambda rows: jax.random.uniform(key, (rows, *rest), minval=low, maxval=high),
        count,
    )


def _flip_where(flags: Bool[Array, " b"], x: Array, axis: int) -> Array:
    flags = flags.reshape(-1, *[1] * (x.ndim - 1))
    return jnp.where(flags, jnp.flip(x, axis), x)


def _reframe(
    key: Key[Array, ""], views: UInt8[Array, "b v h w c"], zoom: float, shift: float
) -> tuple[UInt8[Array, "b v h w c"], Float[Array, "b v"]]:
    """Scales every view about its centre by up to `zoom` of its size and moves it.

    The picture moves by up to `shift` of its sides. White comes in from outside, and
    what leaves it is lost. Returns also the scales.
    """
    batch, count, *size, _ = views.shape
    draws = _draw(key, (batch, count, 3), -1.0, 1.0).reshape(-1, 3)
    scale = 1 + zoom * draws[:, :1]
    sides = jnp.asarray(size, jnp.float32)
    offset = sides * (shift * draws[:, 1:] + (1 - scale) / 2)

    def resample(ink, scale, offset):
        scales = jnp.repeat(scale, 2)
        return jax.image.scale_and_translate(
            ink, ink.shape, (0, 1), scales, offset, method="linear"
        )

    ink = _WHITE - views.reshape(-1, *views.shape[2:]).astype(jnp.float32)
    views = _to_views(jax.vmap(resample)(ink, scale, offset)).reshape(views.shape)
    return views, scale.reshape(batch, count)


def _darken(
    key: Key[Array, ""], views: UInt8[Array, "b v h w c"], background: float
) -> UInt8[Array, "b v h w c"]:
    """Sets every view before a grey of its own, instead of white.

    The grey is uniform from 255 (1 − `background`) to 255, rounded. What is lighter
    becomes it, which is all of the white; what is darker, the ink, stays as it is.
    """
    darker = _draw(key, (*views.shape[:2], 1, 1, 1), 0.0, background)
    grey = jnp.round(_WHITE * (1 - darker)).astype(jnp.uint8)
    return jnp.minimum(views, grey)


def _move_outlines(
    key: Key[Array, ""], views: UInt8[Array, "b v h w c"], most: float
) -> UInt8[Array, "b v h w c"]:
    """Makes what all views of a shape show wider by up to `most` pixels, or narrower.

    Narrower by half as much, for thin parts vanish. A pixel at the outline gets a share
    of the ink of its darkest neighbour, or of its lightest; dilation and erosion of
    grey pictures (Serra 1982), by less than a pixel.
    """
    pixels = _draw(key, (len(views), 1, 1, 1, 1), -most / 2, most)
    ink = _WHITE - views.astype(jnp.float32)
    wider, narrower = (_over_neighbours(ink, f) for f in (jnp.maximum, jnp.minimum))
    moved = jnp.where(pixels > 0, wider, narrower)
    return _to_views(ink + jnp.abs(pixels) * (moved - ink))


def _over_neighbours(
    ink: Float[Array, "b v h w c"], choose: Callable[[Array, Array], Array]
) -> Float[Array, "b v h w c"]:
    """Of each pixel and those beside, above and below it."""
    found = ink
    for axis in (2, 3):
        size = ink.shape[axis]
        edges = [(1, 1) if i == axis else (0, 0) for i in range(ink.ndim)]
        padded = jnp.pad(ink, edges, mode="edge")
        for start in (0, 2):
            beside = jax.lax.slice_in_dim(padded, start, start + size, axis=axis)
            found = choose(found, beside)
    return found


def _to_views(ink: Float[Array, "*n h w c"]) -> UInt8[Array, "*n h w c"]:
    return jnp.clip(jnp.round(_WHITE - ink), 0, _WHITE).astype(jnp.uint8)
