"""What our functions and PyTorch's are given alike.

All of it is made of NumPy's uniform numbers by single products and sums, so that every
version of JAX and NumPy on every processor has the same bits.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict

from tests.helpers import OPEN, REFINER, Setup, make_batch, tiny_config
from vaegan_jax.models.discriminator import Discriminator
from vaegan_jax.models.encoder import Encoder
from vaegan_jax.models.frame_estimator import FrameEstimator
from vaegan_jax.models.generator import Generator
from vaegan_jax.training.state import NetState, TrainState

# Spatial rank, kernel size, padding, input size: the two kinds in use, at grids large
# enough for XLA's own forward pass and too small for it.
CONVOLUTIONS = [(3, 4, 1, 8), (3, 4, 1, 4), (2, 5, 2, 16), (2, 5, 2, 6), (3, 4, 1, 2)]
TRANSPOSED_SIZES = (2, 4, 16)
PRIOR_SCALES = (1.0, 0.33)
PICTURE_SIZES = (40, 260)  # one that a hull is carved from enlarged, one as it is
LATENT_SIZE = 6
LEAK = 0.2
BATCH = 4

# Every switch of the step away from the reference recipe.
VARIANT = {
    "model.pooling": "max",
    "model.leak": 0.1,
    "prior.distribution": "uniform",
    "prior.scale": 2.0,
    "loss.soft_labels": False,
    "loss.reconstruction": "cross_entropy",
    "loss.reconstruction_weight": 0.01,
    "loss.kl_weight": 0.3,
    "loss.adversarial_weight": 2.0,
}
# So small that no cell is seen about where two pixels meet.
REFINED = {
    **REFINER,
    "model.resolution": 8,
    "model.generator_widths": (5, 4),
    "model.discriminator_widths": (3, 4),
    "model.view_encoding": "fold_joint",
}
# Of each step: the algorithm, and fields of the configuration.
STEPS = {
    "gan": ("gan", {"model.convolution": "winograd"}),
    "vae_gan": ("vae_gan", {}),
    "mv_vae_gan": ("mv_vae_gan", {}),
    # The best PyTorch shares BatchNorm statistics between views.
    "joint": ("mv_vae_gan", {"model.view_encoding": "fold_joint"}),
    "variant": ("mv_vae_gan", VARIANT),
    "refined": ("mv_vae_gan", REFINED),
    "only_refiner": ("mv_vae_gan", REFINED | {"train.only_refiner": True}),
}
# A step, and how PyTorch takes it.
STEPS_IN_PYTORCH = (
    ("gan", "published"),
    ("gan", "best"),
    ("vae_gan", "published"),
    ("vae_gan", "best"),
    ("mv_vae_gan", "published"),
    ("joint", "best"),
    ("variant", "published"),
    ("refined", "best"),
    ("only_refiner", "best"),
)
# What PyTorch's step reads of the configuration.
_FIELDS = (
    "model.leak",
    "model.pooling",
    "prior.distribution",
    "prior.scale",
    "loss.reconstruction",
    "loss.reconstruction_weight",
    "loss.kl_weight",
    "loss.adversarial_weight",
    "loss.discriminator_threshold",
    "optimizer.betas",
    "optimizer.generator_lr",
    "optimizer.discriminator_lr",
    "optimizer.encoder_lr",
)
_FIELDS_OF_REFINER = ("optimizer.refiner_lr", "train.only_refiner")


def standardise(uniform: Any) -> Any:
    """From uniform numbers below 1 to some of mean 0 and variance 1."""
    return (uniform - 0.5) * 12**0.5


def random(seed: int, *shape: int) -> np.ndarray:
    """Float32 numbers of mean 0 and variance 1."""
    return standardise(np.random.default_rng(seed).random(shape, np.float32))


def parameters(shapes: Any, seed: int = 0) -> Any:
    """Parameters or statistics of a Flax module, none at its usual initial value.

    Args:
      shapes: a tree of dicts whose leaves have a shape.
      seed: of the first leaf; the others have the following ones.
    """
    seeds = iter(range(seed, seed + len(jax.tree.leaves(shapes))))

    def draw(path, leaf):
        values = random(next(seeds), *leaf.shape)
        kind = path[-1].key
        if kind == "kernel":
            return values / np.sqrt(np.float32(np.prod(leaf.shape[:-1])))
        return values / 4 + (1 if kind in ("scale", "var") else 0)

    return jax.tree_util.tree_map_with_path(draw, shapes)


def operands(
    rank: int,
    taps: int,
    size: int,
    transposed: bool,
    channels: int = 3,
    outputs: int = 5,
) -> tuple[jax.Array, jax.Array]:
    """Input and kernel of a convolution; `size` is that of its longer side."""
    shape = (*(size,) * rank, channels)
    if transposed:
        shape = (*(size // 2,) * rank, outputs)
    kernel = random(1, *(taps,) * rank, channels, outputs)
    return jnp.asarray(random(0, 2, *shape)), jnp.asarray(kernel)


def convolution_and_cotangent(transposed: bool) -> tuple[jax.Array, ...]:
    """Input and kernel of a 3D convolution, and a cotangent of its output."""
    shape = (8, 8, 8, 3) if transposed else (4, 4, 4, 5)
    return *operands(3, 4, 8, transposed), jnp.asarray(random(2, 2, *shape))


def batch_norm() -> dict[str, Any]:
    """Variables of a BatchNorm of three channels, and activations."""
    shapes = {
        "params": {"scale": np.zeros(3), "bias": np.zeros(3)},
        "batch_stats": {"mean": np.zeros(3), "var": np.zeros(3)},
    }
    x = 2 + 3 * random(10, 6, 4, 4, 3)
    return jax.tree.map(jnp.asarray, {"variables": parameters(shapes), "x": x})


def adam() -> dict[str, Any]:
    """Three parameters, their gradients in five steps, and Adam's settings."""
    rows = [[0.1 * step, 1, -2] for step in range(5)]
    return {
        "params": np.float32([1, -2, 3]),
        "gradients": np.float32(rows),
        "learning_rate": 0.0025,
        "betas": (0.5, 0.5),
    }


def divergence(scale: float) -> dict[str, Any]:
    """Means and log-variances (shape, view, latent), and the scale of the prior."""
    mean, log_variance = random(0, 2, 4, 3, 5)
    return {"mean": mean, "log_variance": log_variance, "scale": scale}


def network(name: str, formulation: str = "gather") -> tuple[Any, dict[str, Any]]:
    """A small network, and its variables and an input `x`.

    Args:
      name: "generator", "discriminator", "encoder", or "critic": a discriminator
        without BatchNorm.
      formulation: of convolutions.
    """
    x = random(100, BATCH, LATENT_SIZE)
    if name == "encoder":
        rng = np.random.default_rng(101)
        x = rng.integers(0, 256, (BATCH, 32, 32, 1), np.uint8)
    elif name != "generator":
        rng = np.random.default_rng(102)
        x = (rng.random((BATCH, 16, 16, 16, 1), np.float32) < 0.2).astype(np.float32)
    module = {
        "generator": Generator((6, 5, 4), formulation=formulation),
        "discriminator": Discriminator((4, 5, 6), LEAK, formulation=formulation),
        "encoder": Encoder(LATENT_SIZE, (3, 4, 5), formulation=formulation),
        "critic": Discriminator(
            (4, 5, 6), LEAK, batch_norm=False, formulation=formulation
        ),
    }[name]
    shapes = jax.eval_shape(
        lambda: module.init(jax.random.key(0), jnp.asarray(x), train=False)
    )
    return module, {"variables": parameters(shapes), "x": x}


def evidence() -> dict[str, Any]:
    """Views of a shape, their cameras, and voxels."""
    batch = make_batch(tiny_config("mv_vae_gan", **REFINED))
    return {name: values[:1] for name, values in batch.items()}


def pictures(size: int) -> dict[str, np.ndarray]:
    """Views (b, v, size, size, 1) of discs of ink, and cameras anywhere above."""
    rng, count = np.random.default_rng(103), (2, 5)
    along = np.arange(size) - size // 2
    places = rng.integers(-size // 10, size // 10, (2, *count, 1))
    row, column = (along - place for place in places)
    radius = rng.integers(size // 5, size // 3, (*count, 1, 1))
    inside = row[..., None] ** 2 + column[..., None, :] ** 2 < radius**2
    grey = rng.integers(0, 200, inside.shape, np.uint8)
    views = np.where(inside, grey, np.uint8(255))[..., None]
    angles = np.float32([360, 60]) * rng.random((*count, 2), np.float32)
    lens = np.broadcast_to(np.float32([2.6, 24.5]), angles.shape)
    return {"views": views, "cameras": np.concatenate([angles, lens], -1)}


def frame_estimator() -> tuple[FrameEstimator, dict[str, Any]]:
    """One whose last layer is not 0, its variables, and what it goes by, of two shapes.

    The hull and the grid differ from axis to axis, and by thresholds.
    """
    rng, module = np.random.default_rng(104), FrameEstimator()
    hull = np.float32([-0.5, 0.5]) * (1 - rng.random((2, 3, 3, 2), np.float32) / 2)
    logits = np.full((2, 8, 8, 8, 1), -9, np.float32)
    for shape, (x, y, z) in enumerate([(2, 3, 5), (6, 4, 1)]):
        part = logits[shape, 1 : 1 + x, 2 : 2 + y, 3 : 3 + z]
        part[...] = 2 * rng.random(part.shape, np.float32) - 2
    hull, summary, logits = (
        jnp.asarray(x) for x in (hull, rng.random((2, 9), np.float32), logits)
    )
    shapes = jax.eval_shape(
        lambda: module.init(jax.random.key(0), hull, summary, logits[..., 0])
    )
    given = {"hull": hull, "summary": summary, "logits": logits}
    return module, given | {"variables": parameters(shapes)}


class Step(NamedTuple):
    """Where a training step starts, and what it gets.

    Attributes:
      setup: networks and optimizers of its configuration.
      state: before the step.
      batch: voxels, and views unless it is a plain GAN, and cameras for a refiner.
      uniform: numbers below 1 from which the step's draws are made, by their names, in
        the order in which our step draws.
    """

    setup: Setup
    state: TrainState
    batch: dict[str, Any]
    uniform: dict[str, np.ndarray]

    @property
    def inputs(self) -> dict[str, Any]:
        """Everything that PyTorch's step depends on."""
        fields = flatten_dict(self.setup.config.to_dict(), sep=".")
        state = self.state
        nets = (state.generator, state.discriminator, state.encoder, state.refiner)
        names = _FIELDS + (_FIELDS_OF_REFINER if state.refiner else ())
        return {
            "fields": {name: fields[name] for name in names},
            "nets": [net.variables for net in nets if net],
            "decoder_stats": state.decoder_stats,
            "batch": self.batch,
            "draws": self.draws(),
        }

    def draws(self) -> dict[str, np.ndarray]:
        """What the step draws, by the names of `pytorch_step.Draws`."""
        prior, loss = self.setup.config.prior, self.setup.config.loss

        def make(name, uniform):
            if name == "noise":
                return standardise(uniform)
            if name.endswith("latents"):
                if prior.distribution == "uniform":
                    return prior.scale * (2 * uniform - 1)
                return prior.scale * standardise(uniform)
            if not loss.soft_labels:
                return np.full_like(uniform, name == "real_labels")
            low, high = loss[name]
            return low + (high - low) * uniform

        return {name: make(name, values) for name, values in self.uniform.items()}


def training_step(name: str) -> Step:
    """One of `STEPS`."""
    algorithm, fields = STEPS[name]
    small = {
        "model.resolution": 16,
        "model.generator_widths": (5, 4, 3),
        "model.discriminator_widths": (3, 4, 5),
        "model.image_size": 16,
        "model.encoder_widths": (4, 5),
        "train.batch_size": BATCH,
    }
    config = tiny_config(algorithm, **OPEN | small | fields)
    setup = Setup(config)
    shapes = jax.eval_shape(setup.create)

    def start(name, seed):
        net = getattr(shapes, name)
        if net is None:
            return None
        params = parameters(net.params, seed)
        opt_state = getattr(setup.optimizers, name).transform.init(params)
        return NetState(params, parameters(net.batch_stats, seed + 50), opt_state)

    state = shapes.replace(
        step=jnp.zeros((), jnp.int32),
        rng=jax.random.key(0),
        generator=start("generator", 100),
        discriminator=start("discriminator", 200),
        encoder=start("encoder", 300),
        decoder_stats=shapes.decoder_stats and parameters(shapes.decoder_stats, 400),
    )
    if state.refiner:
        state = state.replace(refiner=start("refiner", 600))
    shapes = {
        "discriminator_latents": (BATCH, config.model.latent_size),
        "real_labels": (BATCH,),
        "fake_labels": (BATCH,),
        "generator_latents": (BATCH, config.model.latent_size),
        "noise": (BATCH, config.data.num_views, config.model.latent_size),
    }
    rng = np.random.default_rng(500)
    uniform = {k: rng.random(shape, np.float32) for k, shape in shapes.items()}
    return Step(setup, state, make_batch(config), uniform)
