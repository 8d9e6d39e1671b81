import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.helpers import (
    ALGORITHMS,
    AZIMUTHS,
    Setup,
    assert_trees_close,
    make_batch,
    tiny_config,
)
from tests.pytorch.pytorch_inputs import network
from tests.pytorch.pytorch_values import from_pytorch
from vaegan_jax.config.reference import default_widths
from vaegan_jax.models.encoder import Encoder
from vaegan_jax.models.networks import build_networks
from vaegan_jax.training import losses


def apply_train(name):
    """What a network makes of its inputs, and of PyTorch's with either kind of ends."""
    module, given = network(name)
    apply = jax.jit(
        lambda variables, x: module.apply(
            variables, x, train=True, mutable=["batch_stats"]
        )
    )
    output, updated = apply(given["variables"], jnp.asarray(given["x"]))
    ends = ("dense",) if name == "encoder" else ("dense", "convolutional")
    expected = [from_pytorch(f"{name}/{kind} ends", given) for kind in ends]
    for values in expected:
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5),
            updated["batch_stats"],
            values["batch_stats"],
        )
    return output, expected


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_generator_and_discriminator_equal_pytorch(name):
    logits, expected = apply_train(name)
    for values in expected:
        np.testing.assert_allclose(logits, values["logits"], rtol=1e-3, atol=1e-4)


def test_encoder_equals_pytorch():
    posterior, (expected,) = apply_train("encoder")
    for field in ("mean", "log_variance"):
        actual = getattr(posterior, field)
        np.testing.assert_allclose(actual, expected[field], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("convolution", ["gather", "winograd", "plain"])
def test_the_penalty_on_gradients_and_its_gradients_equal_pytorchs(convolution):
    module, given = network("critic", convolution)

    def penalty(params, x):
        def discriminate(x):
            return module.apply({"params": params}, x, train=True)

        return losses.gradient_penalty(discriminate, x)

    value, gradients = jax.jit(jax.value_and_grad(penalty))(
        given["variables"]["params"], jnp.asarray(given["x"])
    )
    expected = from_pytorch("penalty", given)
    np.testing.assert_allclose(value, expected["penalty"], rtol=1e-3)
    assert gradients.keys() == expected["gradients"].keys()
    for layer, wanted in expected["gradients"].items():
        wanted = wanted["kernel"]
        scale = abs(wanted).max()
        assert scale > 0
        actual = gradients[layer]["kernel"]
        np.testing.assert_allclose(actual, wanted, atol=1e-3 * scale)


@pytest.mark.parametrize("resolution", [32, 64])
def test_output_sizes_at_both_resolutions(resolution):
    config = tiny_config(
        "mv_vae_gan",
        **{
            "model.resolution": resolution,
            "model.generator_widths": tuple(default_widths(resolution)[::-1]),
            "model.discriminator_widths": tuple(default_widths(resolution)),
        },
    )
    networks = build_networks(config)

    def forward():
        key = jax.random.key(0)
        voxels, _ = networks.generator.init_with_output(
            key, jnp.zeros((2, 6)), train=False
        )
        logits, _ = networks.discriminator.init_with_output(key, voxels, train=False)
        return voxels, logits

    voxels, logits = jax.eval_shape(forward)
    assert voxels.shape == (2, *(resolution,) * 3, 1)
    assert logits.shape == (2,)


def test_reference_sizes_are_those_of_the_paper():
    """The reference's parameters, counted by hand; unused taps are not kept."""
    from vaegan_jax.config.reference import complete, reference_config

    setup = Setup(complete(reference_config("mv_vae_gan")))
    shapes = jax.eval_shape(setup.create)

    def count(net):
        return sum(leaf.size for leaf in jax.tree.leaves(net.params))

    norms_3d = 2 * (256 + 128 + 64 + 32)
    middle = 64 * (256 * 128 + 128 * 64 + 64 * 32 + 32 * 1)
    assert count(shapes.generator) == 200 * 8 * 256 + middle + norms_3d
    assert count(shapes.discriminator) == middle + 8 * 256 + norms_3d
    convolutions = 25 * (64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 400)
    heads = 2 * (7 * 7 * 400 * 200 + 200)
    norms_2d = 2 * (64 + 128 + 256 + 512 + 400)
    assert count(shapes.encoder) == convolutions + heads + norms_2d


def test_an_encoder_may_see_averages_of_larger_images():
    rng = np.random.default_rng(0)
    small = rng.integers(30, 220, (3, 16, 16, 1), np.uint8)
    rows, columns = np.ogrid[:32, :32]
    chequered = np.where((rows + columns) % 2, 20, -20)[..., None]  # 0 on average
    large = np.uint8(small.repeat(2, 1).repeat(2, 2) + chequered)
    whole, reduced = Encoder(4, (2, 3)), Encoder(4, (2, 3), image_size=16)
    small, large = jnp.asarray(small), jnp.asarray(large)
    variables = reduced.init(jax.random.key(0), large, train=False)
    expected = whole.apply(variables, small, train=False)
    for images in (small, large):
        made = reduced.apply(variables, images, train=False)
        assert_trees_close(made, expected)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_bias_sits_only_where_no_batch_norm_follows(algorithm):
    setup = Setup(tiny_config(algorithm, **{"model.use_bias": True}))
    state = jax.eval_shape(setup.create)
    paths = [
        jax.tree_util.keystr(path)
        for net in (state.generator, state.discriminator)
        for path, _ in jax.tree_util.tree_leaves_with_path(net.params)
        if "bias" in jax.tree_util.keystr(path) and "BatchNorm" not in str(path)
    ]
    assert paths == ["['StridedConvolution_1']['bias']", "['Dense_0']['bias']"]


@pytest.mark.slow
def test_bfloat16_computes_near_float32_and_keeps_float32_parameters():
    exact = Setup(tiny_config("mv_vae_gan"))
    rough = Setup(tiny_config("mv_vae_gan", **{"model.dtype": "bfloat16"}))
    batch = make_batch(exact.config)
    _, expected = exact.train_step(exact.create(), batch)
    state, metrics = rough.train_step(rough.create(), batch)
    for leaf in jax.tree.leaves((state.generator, state.discriminator, state.encoder)):
        assert leaf.dtype in (jnp.float32, jnp.int32)
    for name in ("loss/encoder", "loss/adversarial", "loss/discriminator"):
        np.testing.assert_allclose(metrics[name], expected[name], rtol=0.05)


@pytest.fixture(scope="module")
def telling():
    """An encoder that tells three azimuths apart, a batch of two shapes, its output."""
    setup = Setup(tiny_config("mv_vae_gan", **AZIMUTHS))
    state = setup.create().encoder
    images = make_batch(setup.config)["views"][:2].swapaxes(0, 1).reshape(6, 32, 32, 1)

    @functools.partial(jax.jit, static_argnums=1)
    def apply(variables, train, order=None, azimuths=None, shares=None):
        """`order`: of the images; their azimuths are told then, the right ones."""
        told = azimuths
        if order is not None and azimuths is None:
            told = order // 2
        seen = images if order is None else images[order]
        return setup.networks.encoder.apply(
            variables,
            seen,
            train=train,
            azimuths=told,
            shares=shares,
            mutable=["batch_stats"],
        )[0]

    return state, apply


def test_every_azimuth_has_a_last_layer_of_its_own_in_training(telling):
    state, apply = telling
    before = apply(state.variables, True)
    params = state.params | {"heads": state.params["heads"].at[2].multiply(2)}
    after = apply({"params": params, "batch_stats": state.batch_stats}, True)
    # Each of the parts has two images; only those of the last azimuth are another's.
    factors = np.repeat([1.0, 1, 2], 2)[:, None]
    np.testing.assert_allclose(after.mean, factors * before.mean, rtol=1e-5)
    np.testing.assert_allclose(
        after.log_variance, factors * before.log_variance, rtol=1e-5
    )


def test_images_of_told_azimuths_may_come_in_any_order(telling):
    state, apply = telling
    in_order = apply(state.variables, True)
    order = np.array([4, 0, 3, 1, 5, 2])
    told = apply(state.variables, True, order)
    for field in ("mean", "log_variance", "azimuth"):
        expected = getattr(in_order, field)[order]
        np.testing.assert_allclose(getattr(told, field), expected, atol=1e-5)
    wrong = apply(state.variables, True, order, np.roll(order, 1) // 2)
    assert abs(wrong.mean - told.mean).max() > 0.01
    np.testing.assert_allclose(wrong.azimuth, told.azimuth, atol=1e-5)


def test_an_unknown_azimuth_is_a_mixture_of_all_as_likely_as_each_is(telling):
    state, apply = telling

    def posterior(bias):
        classifier = state.params["azimuth"] | {"bias": jnp.asarray(bias)}
        params = state.params | {"azimuth": classifier}
        return apply({"params": params, "batch_stats": state.batch_stats}, False)

    def head(azimuth):
        """The posterior if the classifier were sure."""
        return posterior(np.eye(3, dtype=np.float32)[azimuth] * 100)

    actual = posterior([0.0, 1, 2])
    likely = np.exp(actual.azimuth) / np.exp(actual.azimuth).sum(-1, keepdims=True)
    assert likely.std() > 0.1
    for field in ("mean", "log_variance"):
        each = np.stack([getattr(head(azimuth), field) for azimuth in range(3)])
        expected = (likely.T[..., None] * each).sum(0)
        scale = abs(expected).max()
        assert each.std(0).max() > 0.1 * scale
        np.testing.assert_allclose(getattr(actual, field), expected, atol=1e-4 * scale)


def test_a_known_azimuth_has_its_head_and_others_what_e_tells(telling):
    state, apply = telling
    told = apply(state.variables, False)
    one = np.tile(np.float32([0, 1, 0]), (6, 1))
    known = apply(state.variables, False, shares=one)
    sure = {"azimuth": state.params["azimuth"] | {"bias": 100 * one[0]}}
    expected = apply({**state.variables, "params": state.params | sure}, False)
    scale = abs(known.mean).max()
    np.testing.assert_allclose(known.mean, expected.mean, atol=1e-3 * scale)
    assert abs(known.mean - told.mean).max() > 0.1 * scale
    one[4] = np.nan
    partly = apply(state.variables, False, shares=one)
    for place in range(6):
        which = told if place == 4 else known
        np.testing.assert_allclose(
            partly.mean[place], which.mean[place], atol=1e-3 * scale
        )


def test_the_heads_of_azimuths_start_as_the_usual_ones_do():
    heads = (
        Setup(tiny_config("mv_vae_gan", **AZIMUTHS)).create().encoder.params["heads"]
    )
    bound = heads.shape[1] ** -0.5  # uniform within ±1/√fan_in
    assert 0.9 * bound < abs(heads).max() <= bound
    np.testing.assert_allclose(heads.std(), bound / 3**0.5, rtol=0.1)
