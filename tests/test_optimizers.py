import jax.numpy as jnp
import numpy as np
import torch
from helpers import tiny_config

from vaegan_jax.optimizers import build_optimizers


def test_adam_equals_pytorch():
    config = tiny_config("gan")
    optimizer = build_optimizers(config, steps_per_epoch=10.0).generator
    params = jnp.array([1.0, -2, 3])
    theirs = torch.tensor(np.array(params), requires_grad=True)
    adam = torch.optim.Adam([theirs], lr=0.0025, betas=(0.5, 0.5))
    opt_state = optimizer.transform.init(params)
    for step in range(5):
        gradient = np.float32([0.1 * step, 1, -2])
        params, opt_state = optimizer.apply(
            jnp.asarray(gradient), opt_state, params, jnp.int32(step)
        )
        theirs.grad = torch.tensor(gradient)
        adam.step()
    np.testing.assert_allclose(params, theirs.detach(), rtol=1e-5)


def test_the_discriminators_rate_falls_at_epochs_500_and_1000():
    rates = build_optimizers(tiny_config("gan"), 24.6).discriminator.learning_rate
    boundary = round(500 * 24.6)
    for step, rate in [
        (0, 1e-3),
        (boundary - 1, 1e-3),
        (boundary, 1e-4),
        (24_599, 1e-4),
        (24_600, 1e-5),
    ]:
        np.testing.assert_allclose(rates(step), rate, rtol=1e-5)


def test_schedule_can_be_switched_off():
    config = tiny_config("gan", **{"optimizer.schedule": False})
    rates = build_optimizers(config, 24.6).discriminator.learning_rate
    np.testing.assert_allclose(rates(10**6), 1e-3, rtol=1e-6)
