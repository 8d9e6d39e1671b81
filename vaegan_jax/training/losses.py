"""The losses of 3D-GAN and 3D-VAE-GAN, as pure functions of arrays.

Each is a mean over the shapes of a batch (and over views), so its size does not depend
on the batch size; the reconstruction error is a sum over the grid, the KL divergence a
sum over the latent's elements. Source: Wu et al. 2016, https://arxiv.org/abs/1610.07584,
section 3.
"""

from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key

from vaegan_jax.models.camera_code import azimuth_shares, camera_numbers
from vaegan_jax.models.encoder import Posterior

Reconstruction = Literal["squared_error", "cross_entropy"]


def adversarial_loss(
    logits: Float[Array, " b"], targets: Float[Array, " b"] | float
) -> Float[Array, ""]:
    """Binary cross-entropy of D's logits against labels in [0, 1].

    With generated shapes and target 1 this is the generator's non-saturating loss,
    -log D(G(z)).
    """
    targets = jnp.broadcast_to(targets, logits.shape)
    return optax.sigmoid_binary_cross_entropy(logits, targets).mean()


def draw_labels(
    key: Key[Array, ""], count: int, bounds: tuple[float, float]
) -> Float[Array, " b"]:
    """Soft labels, uniform within `bounds`; equal bounds give hard labels."""
    return jax.random.uniform(key, (count,), minval=bounds[0], maxval=bounds[1])


def discriminator_accuracy(
    real_logits: Float[Array, " b"], fake_logits: Float[Array, " b"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Shares of real shapes taken for real, and of generated ones for generated."""
    return (real_logits > 0).mean(), (fake_logits < 0).mean()


def gradient_penalty(
    discriminate: Callable[[Float[Array, "b x y z 1"]], Float[Array, " b"]],
    voxels: Float[Array, "b x y z 1"],
) -> Float[Array, ""]:
    """R1: ½ E[‖∇D(x)‖²] over real shapes, of the gradient of D's logit by occupancy.

    It keeps a D that has won from pushing on, so that both can learn all the time.
    Source: Mescheder et al. 2018, https://arxiv.org/abs/1801.04406, equation 9.

    Args:
      discriminate: D, which must judge each shape by itself: no BatchNorm.
      voxels: real shapes.
    """
    gradients = jax.grad(lambda x: discriminate(x).sum())(voxels)
    return 0.5 * (gradients**2).sum((1, 2, 3, 4)).mean()


def gate(
    accuracy_real: Float[Array, ""], accuracy_fake: Float[Array, ""], threshold: float
) -> Bool[Array, ""]:
    """Whether D may learn from this batch: only while it is not too good already."""
    return (accuracy_real + accuracy_fake) / 2 <= threshold


def reconstruction_loss(
    logits: Float[Array, "b x y z 1"],
    targets: Float[Array, "b x y z 1"],
    kind: Reconstruction,
) -> Float[Array, ""]:
    """Error of the occupancy probabilities, summed over each grid.

    Args:
      logits: of the generator.
      targets: the voxels, 0 or 1, or others' probabilities of them.
      kind: "squared_error" of the probabilities, the reference's; or "cross_entropy",
        the log-likelihood of independent Bernoulli voxels.
    """
    if kind == "cross_entropy":
        errors = optax.sigmoid_binary_cross_entropy(logits, targets)
    else:
        errors = (jax.nn.sigmoid(logits) - targets) ** 2
    return errors.sum((1, 2, 3, 4)).mean()


def camera_errors(
    posterior: Posterior, cameras: Float[Array, "b v 4"]
) -> tuple[Float[Array, "b v"], Float[Array, "b v"]]:
    """Errors of the cameras E tells: cross-entropy of azimuths, squared of the rest.

    Of an azimuth between the middles of two sectors, E is to tell both, each by its
    share, see `camera_code`.

    Args:
      posterior: with `azimuth` and `camera`.
      cameras: of the views, the numbers of `ViewCamera`; NaN: unknown.

    Returns:
      The error of each view, and the angle between its azimuth and the middle of the
      likeliest sector, in degrees; whatever, but finite, where the camera is unknown.
    """
    known = jnp.isfinite(cameras).all(-1)
    cameras = jnp.where(known[..., None], cameras, 45.0)  # whatever, but a number
    sectors = posterior.azimuth.shape[-1]
    shares = azimuth_shares(cameras[..., 0], sectors)
    errors = optax.softmax_cross_entropy(posterior.azimuth, shares)
    errors += ((posterior.camera - camera_numbers(cameras)) ** 2).sum(-1)
    told = posterior.azimuth.argmax(-1) * (360.0 / sectors)
    angles = jnp.abs((told - cameras[..., 0] + 180.0) % 360.0 - 180.0)
    return errors, angles


def azimuth_loss(
    logits: Float[Array, "b v azimuths"], azimuths: Int[Array, "b v"] | None = None
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Cross-entropy of the azimuths with heads; without any, view i is of azimuth i.

    Returns also the share of views whose azimuth is told rightly.
    """
    truth = jnp.arange(logits.shape[1])[None] if azimuths is None else azimuths
    errors = optax.softmax_cross_entropy_with_integer_labels(logits, truth)
    return errors.mean(), (logits.argmax(-1) == truth).mean()


def kl_divergence(
    posterior: Posterior, prior_scale: float | Float[Array, ""]
) -> Float[Array, ""]:
    """KL(q(z | image) || N(0, prior_scale²)), summed over z, mean over the rest.

    For one element, with ratio r = variance / prior_scale²:
    ½ (r + mean² / prior_scale² - 1 - log r). With scale 1 it is equation 10 in
    Kingma and Welling 2014, https://arxiv.org/abs/1312.6114, appendix B.
    """
    log_ratio = posterior.log_variance - 2 * jnp.log(prior_scale)
    distance = (posterior.mean / prior_scale) ** 2
    return (0.5 * (jnp.exp(log_ratio) + distance - 1 - log_ratio)).sum(-1).mean()
