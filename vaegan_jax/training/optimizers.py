"""Adam for each network, with learning rates that follow the training step.

The rate is looked up by the training step and not by Adam's own count, which stands
still while the discriminator's gate is closed.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from ml_collections import ConfigDict

_RISE = 100  # steps, of the refiner's learning rate
REFINER_BETAS = (0.9, 0.99)


class Optimizer(NamedTuple):
    """A gradient transformation and the learning rate that scales its result."""

    transform: optax.GradientTransformation
    learning_rate: optax.Schedule

    def apply(self, gradients, opt_state, params, step: jax.Array):
        """Returns the new parameters and the new optimizer state."""
        updates, opt_state = self.transform.update(gradients, opt_state, params)
        rate = self.learning_rate(step)
        updates = jax.tree.map(lambda u: -rate * u, updates)
        return optax.apply_updates(params, updates), opt_state


class Optimizers(NamedTuple):
    """One optimizer for each network."""

    generator: Optimizer
    discriminator: Optimizer
    encoder: Optimizer
    refiner: Optimizer


def build_optimizers(config: ConfigDict, steps_per_epoch: float) -> Optimizers:
    """Adam (Kingma and Ba 2015) for each network; D's rate falls at given epochs.

    R's rises over the first steps and falls along a cosine to 0 at the last one
    (Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983). R plays no game, so
    its moments remember as long as Adam's usually do.

    Args:
      config: a completed configuration.
      steps_per_epoch: converts the schedule's epochs to steps; may be fractional.
    """
    options = config.optimizer
    first, second = options.betas
    boundaries = {}
    if options.schedule:
        for epoch in options.schedule_epochs:
            step = round(epoch * steps_per_epoch)  # of short epochs, perhaps the same
            boundaries[step] = boundaries.get(step, 1.0) * options.schedule_factor

    def adam(learning_rate: optax.Schedule) -> Optimizer:
        return Optimizer(optax.scale_by_adam(first, second), learning_rate)

    def constant(rate: float) -> optax.Schedule:
        return lambda step: jnp.asarray(rate, jnp.float32)

    steps = config.train.num_steps or config.train.num_epochs * steps_per_epoch
    rise = min(_RISE, 0.1 * steps)
    first_rate = options.refiner_lr / max(rise, 1.0)  # at 0 nothing would be learnt
    rate = optax.warmup_cosine_decay_schedule(
        first_rate, options.refiner_lr, rise, max(steps, 1.0)
    )
    return Optimizers(
        generator=adam(constant(options.generator_lr)),
        discriminator=adam(
            optax.piecewise_constant_schedule(options.discriminator_lr, boundaries)
        ),
        encoder=adam(constant(options.encoder_lr)),
        refiner=Optimizer(optax.scale_by_adam(*REFINER_BETAS), rate),
    )
