import jax.numpy as jnp
import numpy as np
import pytest

from tests.helpers import tiny_config
from tests.pytorch.pytorch_inputs import adam
from tests.pytorch.pytorch_values import from_pytorch
from vaegan_jax.training.optimizers import build_optimizers


def test_adam_equals_pytorch():
    given = adam()
    fields = {
        "optimizer.generator_lr": given["learning_rate"],
        "optimizer.betas": given["betas"],
    }
    config = tiny_config("gan", **fields)
    optimizer = build_optimizers(config, steps_per_epoch=10.0).generator
    params = jnp.asarray(given["params"])
    opt_state = optimizer.transform.init(params)
    for step, gradient in enumerate(given["gradients"]):
        params, opt_state = optimizer.apply(
            jnp.asarray(gradient), opt_state, params, jnp.int32(step)
        )
    expected = from_pytorch("adam", given)["params"]
    np.testing.assert_allclose(params, expected, rtol=1e-5)


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


def test_the_rate_falls_twice_at_one_step_if_epochs_are_short():
    config = tiny_config("gan", **{"optimizer.schedule_epochs": (1, 2)})
    rates = build_optimizers(config, steps_per_epoch=0.2).discriminator.learning_rate
    np.testing.assert_allclose(rates(1), 1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "steps, rates",
    [
        (1000, {0: 1e-5, 1: 1.99e-5, 100: 1e-3, 550: 0.5e-3, 1000: 0}),
        (5, {0: 1e-3}),  # too few to rise
    ],
)
def test_the_refiners_rate_rises_from_its_first_step_and_falls_to_0(steps, rates):
    config = tiny_config("mv_vae_gan", **{"train.num_steps": steps})
    schedule = build_optimizers(config, steps_per_epoch=1.0).refiner.learning_rate
    for step, rate in rates.items():
        np.testing.assert_allclose(schedule(step), rate, rtol=1e-5, atol=1e-9)


def test_schedule_can_be_switched_off():
    config = tiny_config("gan", **{"optimizer.schedule": False})
    rates = build_optimizers(config, 24.6).discriminator.learning_rate
    np.testing.assert_allclose(rates(10**6), 1e-3, rtol=1e-6)
