"""Features of shapes that a small network learns from real ones alone.

No model is trained against them and no sample is seen, so what samples lack is not
what they were made to have. The network sees training shapes, damaged by more or less,
and tells how much of each damage there is and what the shape was, coarsely: what it
remembers of a shape is both how it is built and how well.
"""

import functools
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Key

from vaegan_jax.data.examples import Stored
from vaegan_jax.models.convolutions.strided import Formulation
from vaegan_jax.models.layers import BatchNorm, StridedConvolution
from vaegan_jax.runtime.progress import Progress

_FEATURES = 32  # few, as sets are small
_STEPS, _BATCH, _RATE = 400, 16, 3e-3
_COARSE = 4  # cells along each side of what the shape was
_DAMAGES = 3
_MOST = 0.2  # share of the cells at the surface that noise turns over
_SHAPES = 2048  # of the training shapes, at most
_LEAST = 1e-3  # variance that is added, of the largest
_ADAM = optax.adam(optax.cosine_decay_schedule(_RATE, _STEPS))

Shapes = Bool[np.ndarray, "n x y z"]
Features = Float[np.ndarray, "n f"]


class FeatureNetwork(nn.Module):
    """Halves the grid down to 2³ cells, as D does, to a few numbers.

    Attributes:
      widths: channels at half the resolution, a quarter, ...
      formulation: how convolutions are computed.
    """

    widths: tuple[int, ...]
    formulation: Formulation = "gather"  # so few steps do not repay compiling others

    @nn.compact
    def __call__(
        self, voxels: Float[Array, "b x y z"], *, train: bool
    ) -> tuple[Float[Array, "b f"], Float[Array, "b d"], Float[Array, "b c c c"]]:
        """Features, and what follows from them: amounts of damage, and the shape."""
        h, seen = voxels[..., None], []
        for width in self.widths:
            h = StridedConvolution(
                width, kernel_size=4, padding=1, formulation=self.formulation
            )(h)
            h = nn.leaky_relu(BatchNorm()(h, train=train), 0.2)
            seen.append(h.mean((1, 2, 3)))  # of small damages, there is one everywhere
        seen.append(h.reshape(len(h), -1))
        features = nn.Dense(_FEATURES)(jnp.concatenate(seen, 1))
        told = nn.leaky_relu(features, 0.2)
        coarse = nn.Dense(_COARSE**3)(told).reshape(-1, *(_COARSE,) * 3)
        return features, nn.Dense(_DAMAGES)(told), coarse


def damage(
    key: Key[Array, ""], voxels: Float[Array, "b x y z"]
) -> tuple[Float[Array, "b x y z"], Float[Array, "b d"]]:
    """Shapes with damages of random amounts, from 0 to 1; half of each are 0.

    Single cells at the surface turned over, lumps of cells there turned over, and a box
    in which nothing is left.
    """
    keys = jax.random.split(key, 5)
    shape = (len(voxels), _DAMAGES)
    amounts = jax.random.uniform(keys[0], shape)
    amounts *= jax.random.bernoulli(keys[1], 0.5, shape)
    for draw, grain, amount in zip(keys[2:4], (1, 3), amounts.T, strict=False):
        noise = _averaged(jax.random.normal(draw, voxels.shape), grain)
        noise /= noise.std()
        rarest = jax.scipy.stats.norm.isf(_MOST * amount**3)[:, None, None, None]
        surface = _averaged(voxels, 3)
        surface = (surface > 0) & (surface < 1)
        voxels = jnp.where(surface & (noise > rarest), 1 - voxels, voxels)
    return voxels * ~_boxes(keys[4], voxels.shape, amounts[:, 2]), amounts


def _averaged(grids: Float[Array, "b x y z"], side: int) -> Float[Array, "b x y z"]:
    return nn.avg_pool(grids[..., None], (side,) * 3, padding="SAME")[..., 0]


def _boxes(
    key: Key[Array, ""], shape: tuple[int, ...], sides: Float[Array, " b"]
) -> Bool[Array, "b x y z"]:
    """Boxes anywhere, up to half as long as the grid."""
    count, *cells = shape
    middles = jax.random.uniform(key, (count, 3))
    inside = jnp.ones(shape, bool)
    for axis, length in enumerate(cells):
        places = (jnp.arange(length) + 0.5) / length
        near = jnp.abs(places - middles[:, axis, None]) < sides[:, None] / 4
        inside &= near.reshape(count, *(-1 if i == axis else 1 for i in range(3)))
    return inside


def learn_features(shapes: Stored) -> Callable[[Shapes], Features]:
    """Trains the network, always in the same way, and returns what gives features.

    Over the shapes it learnt from, they have a mean of 0 and a covariance of about 1.

    Args:
      shapes: (n, x, y, z), of the training; of many, some.
    """
    rng = np.random.default_rng(0)
    some = np.sort(rng.permutation(len(shapes))[:_SHAPES])
    shapes = shapes[some] > 0
    side = shapes.shape[1]
    levels = side.bit_length() - 2
    widths = tuple(min(8 << i, 64) for i in range(levels))
    network = FeatureNetwork(widths)
    # Of larger grids fewer, so that learning takes as long; at least a few.
    batch = int(np.clip(_BATCH * (32 / side) ** 3, 8, _BATCH))
    variables = _train(network, shapes, batch, rng)

    def features(shapes: Shapes) -> Features:
        parts = np.array_split(shapes, range(batch, len(shapes), batch))
        return np.concatenate([_apply(network, variables, part) for part in parts])

    mean, scaling = _whitening(features(shapes))
    return lambda shapes: (features(shapes) - mean) @ scaling


def _whitening(
    features: Features,
) -> tuple[Float[np.ndarray, " f"], Float[np.ndarray, "f f"]]:
    """What makes the mean of features 0 and their covariance about 1.

    Real shapes hardly differ in how damaged they are, so a small damage becomes a large
    difference.
    """
    mean = features.mean(0)
    centred = np.float64(features - mean)
    variances, directions = np.linalg.eigh(centred.T @ centred / len(features))
    return mean, directions / np.sqrt(variances + _LEAST * variances.max() + 1e-9)


def _train(
    network: FeatureNetwork, shapes: Shapes, batch: int, rng: np.random.Generator
) -> Any:
    key = jax.random.key(0)
    # Traced, it is compiled as one.
    initialise = jax.jit(functools.partial(network.init, train=False))
    variables = initialise(key, jnp.float32(shapes[:1]))
    state = variables, _ADAM.init(variables["params"])
    with Progress("features", total=_STEPS) as progress:
        for number in range(_STEPS):
            chosen = shapes[rng.integers(len(shapes), size=batch)]
            state = _step(network, state, jax.random.fold_in(key, number), chosen)
            progress.update()
    return state[0]


@functools.partial(jax.jit, static_argnums=0)
def _apply(
    network: FeatureNetwork, variables: Any, voxels: Bool[Array, "b x y z"]
) -> Float[Array, "b f"]:
    return network.apply(variables, voxels.astype(jnp.float32), train=False)[0]


@functools.partial(jax.jit, static_argnums=0, donate_argnums=1)
def _step(
    network: FeatureNetwork,
    state: Any,
    key: Key[Array, ""],
    voxels: Bool[Array, "b x y z"],
) -> Any:
    """The next weights, statistics and moments."""
    variables, moments = state
    voxels = voxels.astype(jnp.float32)
    damaged, amounts = damage(key, voxels)
    cells = (voxels.shape[1] // _COARSE,) * 3
    was = nn.avg_pool(voxels[..., None], cells, cells)[..., 0]

    def loss_of(params):
        (_, told, coarse), changed = network.apply(
            variables | {"params": params},
            damaged,
            train=True,
            mutable=["batch_stats"],
        )
        loss = jnp.square(told - amounts).mean() + jnp.square(coarse - was).mean()
        return loss, changed

    gradients, statistics = jax.grad(loss_of, has_aux=True)(variables["params"])
    updates, moments = _ADAM.update(gradients, moments)
    params = optax.apply_updates(variables["params"], updates)
    return {"params": params, **statistics}, moments
