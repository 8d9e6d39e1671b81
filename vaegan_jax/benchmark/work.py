"""How many floating-point operations the models need, counted from their layers."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from ml_collections import ConfigDict

from vaegan_jax.models.evidence import no_evidence
from vaegan_jax.models.layers import Convolution
from vaegan_jax.models.networks import build_networks


class Layer(NamedTuple):
    """One convolution or dense product.

    Attributes:
      name: E1 … E5 of the encoder, then its heads; G1 …; D1 …; R1 …; U1 … of stride 1.
      rank: spatial axes; 0 for a dense product.
      size: cells along an axis, of the larger side: a convolution's input, a transposed
        one's output. 1 for a dense product.
      taps: along an axis.
      inputs: channels at the larger side; of a dense product, all of its inputs.
      outputs: channels at the smaller side; of a dense product, all of its outputs.
      transposed: from the smaller side to the larger.
      stride: 2, or 1 for a convolution whose sides are equally large.
    """

    name: str
    rank: int
    size: int
    taps: int
    inputs: int
    outputs: int
    transposed: bool = False
    stride: int = 2

    @property
    def flops(self) -> int:
        """Of one pass for one sample: 2 for each multiply-add.

        The passes are the forward one, the gradient of the input and that of the
        kernel; the three cost the same.
        """
        cells = (self.size // self.stride) ** self.rank
        return 2 * cells * self.taps**self.rank * self.inputs * self.outputs

    def numbers(self, batch: int) -> int:
        """Numbers that one pass must read and write: both sides and the kernel."""
        large = self.size**self.rank * self.inputs
        small = (self.size // self.stride) ** self.rank * self.outputs
        if not self.rank:
            small = self.outputs
        return (
            batch * (large + small) + self.taps**self.rank * self.inputs * self.outputs
        )


def encoder_layers(config: ConfigDict) -> list[Layer]:
    """E's layers, for one view."""
    size = config.model.encoder_image_size or config.model.image_size
    inputs, layers = config.model.image_channels, []
    for i, width in enumerate(config.model.encoder_widths):
        layers.append(Layer(f"E{i + 1}", 2, size, 5, inputs, width))
        size, inputs = size // 2, width
    heads = Layer("heads", 0, 1, 1, size**2 * inputs, 2 * config.model.latent_size)
    return [*layers, heads]


def generator_layers(config: ConfigDict) -> list[Layer]:
    """G's layers."""
    widths = config.model.generator_widths
    layers = [Layer("G1", 0, 1, 1, config.model.latent_size, 8 * widths[0], True)]
    for i, (width, larger) in enumerate(zip(widths, (*widths[1:], 1), strict=True)):
        layers.append(Layer(f"G{i + 2}", 3, 2 ** (i + 2), 4, larger, width, True))
    return layers


def discriminator_layers(config: ConfigDict) -> list[Layer]:
    """D's layers."""
    size, inputs, layers = config.model.resolution, 1, []
    for i, width in enumerate(config.model.discriminator_widths):
        layers.append(Layer(f"D{i + 1}", 3, size, 4, inputs, width))
        size, inputs = size // 2, width
    return [*layers, Layer(f"D{len(layers) + 1}", 0, 1, 1, 8 * inputs, 1)]


def refiner_layers(config: ConfigDict) -> list[Layer]:
    """R's layers as it applies them, its dense ones to every block of cells.

    Without those that place the grid, of which a shape takes some thousand operations.
    """
    layers, refiner = [], build_networks(config).refiner

    def note(apply, arguments, options, context):
        output, layer = apply(*arguments, **options), context.module
        if isinstance(layer, Convolution | nn.Dense):
            (given,), taps = arguments, getattr(layer, "kernel_size", 1)
            if given.ndim == 2:
                return output
            sizes = given.shape[1], taps, given.shape[-1], output.shape[-1]
            layers.append(Layer(f"R{len(layers) + 1}", 3, *sizes, stride=1))
        return output

    def initialise():
        size = config.model.resolution
        grid = jnp.zeros((1, *(size,) * 3, 1))
        key = jax.random.key(0)
        return refiner.init(key, no_evidence(1, size), grid, train=False)

    with nn.intercept_methods(note):
        jax.eval_shape(initialise)
    return layers


def unstrided_layers() -> list[Layer]:
    """Convolutions of stride 1 as a 3D U-Net has them, at two resolutions."""
    return [
        Layer("U1", 3, 32, 3, 16, 16, stride=1),
        Layer("U2", 3, 16, 3, 64, 64, stride=1),
    ]


def step_flops(config: ConfigDict) -> dict[str, int]:
    """Operations that one training step needs, by network; D learns in it.

    What is counted, of every network's passes: forward, kernel gradient, input gradient
    where something before it learns. Normalisation, activations and Adam, some ten
    operations for each number, are left out, and so is reading views for R.
    """
    total = lambda layers: sum(layer.flops for layer in layers)  # noqa: E731
    g, d = generator_layers(config), discriminator_layers(config)
    without_first = lambda layers: total(layers[1:])  # noqa: E731
    batch, views = config.train.batch_size, config.data.num_views
    flops = {"generator": 0}
    if config.model.refiner != "none":  # G makes logits for it
        r = refiner_layers(config)
        flops["refiner"] = batch * (2 * total(r) + without_first(r))
        flops["generator"] = batch * total(g)
    if config.train.only_refiner:
        return flops | {"encoder": batch * views * total(encoder_layers(config))}
    # D's update generates, and judges real and generated; G's generates and judges.
    generator = total(g) + 2 * total(g) + without_first(g)
    discriminator = 2 * (2 * total(d) + without_first(d)) + 2 * total(d)
    flops["generator"] += batch * generator
    flops["discriminator"] = batch * discriminator
    if config.algorithm != "gan":
        e = encoder_layers(config)
        flops["generator"] += batch * 3 * total(g)  # its latents come from E
        flops["encoder"] = batch * views * (2 * total(e) + without_first(e))
    return flops


def roofline(flops: int, numbers: int, peak: float, bandwidth: float) -> float:
    """Seconds that a machine needs at least (Williams et al. 2009).

    Args:
      flops: operations to do.
      numbers: float32 values to read or write.
      peak: operations a second.
      bandwidth: bytes a second.
    """
    return max(flops / peak, 4 * numbers / bandwidth)


def growth_exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The p for which cost is about proportional to size^p: a least-squares slope."""
    x, y = [math.log(s) for s in sizes], [math.log(c) for c in costs]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return covariance / sum((a - mean_x) ** 2 for a in x)
