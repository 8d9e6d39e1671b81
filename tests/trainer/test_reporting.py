import numpy as np
import pytest

from vaegan_jax.errors import UserError
from vaegan_jax.trainer.reporting import StepMeter, duration


def meter_with(*metrics):
    meter = StepMeter()
    for step, values in enumerate(metrics, 1):
        meter.add(step, {k: np.float32(v) for k, v in values.items()}, wait=0.0)
    return meter


def test_means_over_the_steps_since_the_last_call():
    meter = meter_with({"loss/a": 1.0}, {"loss/a": 3.0})
    assert meter.drain(batch_size=4)["loss/a"] == 2.0
    assert len(meter) == 0


def test_the_discriminators_gradient_is_averaged_over_the_steps_it_learnt_in():
    norm, share = "gradient_norm/discriminator", "discriminator/update_share"
    values = meter_with(
        {norm: 6.0, share: 1.0}, {norm: 0.0, share: 0.0}, {norm: 2.0, share: 1.0}
    ).drain(batch_size=4)
    np.testing.assert_allclose(values[norm], 4.0)
    np.testing.assert_allclose(values[share], 2 / 3)
    assert meter_with({norm: 0.0, share: 0.0}).drain(batch_size=4)[norm] == 0.0


def test_adversarial_metrics_are_averaged_over_their_turns():
    turn = {"adversarial/share": 1.0, "discriminator/update_share": 1.0}
    turn |= {"loss/discriminator": 3.0, "gradient_norm/discriminator": 8.0}
    turn |= {"loss/generator": 7.0}
    between = dict.fromkeys(turn, 0.0)
    closed = turn | {"discriminator/update_share": 0.0}
    closed |= {"gradient_norm/discriminator": 0.0}
    values = meter_with(turn, between, closed, between).drain(batch_size=4)
    assert values["adversarial/share"] == 0.5
    assert values["loss/discriminator"] == 3.0
    assert values["loss/generator"] == 7.0
    assert values["discriminator/update_share"] == 0.5  # of the turns
    assert values["gradient_norm/discriminator"] == 8.0
    values = meter_with(between | {"loss/kl": 5.0}).drain(batch_size=4)
    assert values["loss/kl"] == 5.0 and "loss/discriminator" not in values
    assert "gradient_norm/discriminator" not in values


def test_what_is_not_finite_is_named_with_its_step():
    with pytest.raises(UserError, match="loss/kl became inf at step 2"):
        meter_with({"loss/kl": 1.0}, {"loss/kl": np.inf}).drain(batch_size=4)


@pytest.mark.parametrize(
    "seconds, text",
    [(89.0, "89 s"), (90.0, "2 min"), (5400.0, "1.5 h"), (3e6, "35 days")],
)
def test_durations_are_for_people(seconds, text):
    assert duration(seconds) == text
