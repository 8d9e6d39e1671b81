"""What steps and layers compute: operations, numbers, batches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.helpers import (
    REFINER,
    Setup,
    tiny_config,
)
from vaegan_jax.benchmark import (
    layers,
    work,
)
from vaegan_jax.benchmark.collectives import sent_bytes
from vaegan_jax.benchmark.workload import (
    batch_shapes,
    build_config,
    compile_step,
    random_batch,
)
from vaegan_jax.models.convolutions.strided import convolve


def test_operations_are_those_counted_by_hand():
    config = build_config("gan", 1)
    flops = lambda layers: sum(layer.flops for layer in layers)  # noqa: E731
    # 2 · 4³ taps · channels · cells: 256·128·2³ + 128·64·4³ + 64·32·8³ + 32·16³, and
    # the dense layer 200 · 256 · 8.
    products = 64 * (256 * 128 * 8 + 128 * 64 * 64 + 64 * 32 * 512 + 32 * 4096)
    assert flops(work.generator_layers(config)) == 2 * (products + 200 * 2048)
    assert flops(work.discriminator_layers(config)) == 2 * (products + 2048)
    config = build_config("vae_gan", 1, image_size=64)
    # 5² taps: 1·64·32² + 64·128·16² + 128·256·8² + 256·512·4² + 512·400·2², and heads.
    products = 25 * (64 * 1024 + 64 * 128 * 256 * 3 + 512 * 400 * 4)
    heads = 2 * 2 * 400 * 400
    assert flops(work.encoder_layers(config)) == 2 * (products + heads)
    config.model.image_size, config.model.encoder_image_size = (
        128,
        64,
    )  # of which E sees
    assert flops(work.encoder_layers(config)) == 2 * (products + heads)


@pytest.mark.parametrize(
    "algorithm, batch, size, gigaflops",
    [("gan", 32, 64, 96), ("vae_gan", 32, 224, 547), ("mv_vae_gan", 32, 224, 5248)],
)
def test_steps_need_what_an_independent_count_says(algorithm, batch, size, gigaflops):
    # That one had images of three channels: a little more in the first layer.
    flops = work.step_flops(build_config(algorithm, batch, image_size=size))
    assert sum(flops.values()) / 1e9 == pytest.approx(gigaflops, rel=0.015)


def test_a_refiners_operations_are_those_counted_by_hand():
    config = tiny_config("mv_vae_gan", **REFINER)
    found = work.refiner_layers(config)
    first = found[0].inputs
    # Blocks: 4³, and 2³ below. At 4³ the first dense one, convolutions of 3³ taps from
    # 4 to 4, twice before and twice after, and the last dense one; at 2³ convolutions
    # from 4 to 6 and from 6 to 6, and a dense one to the eight cells of each block.
    above = first * 4 + 27 * 4 * 4 * 4 + 4 * 8
    below = 27 * (4 * 6 + 6 * 6) + 6 * 8 * 4
    needed = 2 * (64 * above + 8 * below)
    assert sum(layer.flops for layer in found) == needed
    params = jax.eval_shape(Setup(config).create).refiner.params
    del params["frame_estimator"]  # of which a shape takes next to nothing
    kernels = [x.size for x in jax.tree.leaves(params) if x.ndim > 1]
    assert sorted(kernels) == sorted(
        layer.taps**3 * layer.inputs * layer.outputs for layer in found
    )

    # Forward and two gradients, that of the input not of the first layer.
    flops, plain = (
        work.step_flops(tiny_config("mv_vae_gan", **f)) for f in (REFINER, {})
    )
    refiner = 4 * (3 * needed - 2 * 64 * first * 4)
    layers = work.generator_layers(config)
    generator = 4 * sum(layer.flops for layer in layers)  # makes its logits
    plain["generator"] += generator
    assert flops == plain | {"refiner": refiner}
    # Where R alone learns, G and E are applied once, without gradients.
    alone = work.step_flops(
        tiny_config("mv_vae_gan", **REFINER, **{"train.only_refiner": True})
    )
    encoder = 4 * 3 * sum(layer.flops for layer in work.encoder_layers(config))
    assert alone == {"encoder": encoder, "generator": generator, "refiner": refiner}


def test_numbers_in_and_out_of_a_layer():
    layer = work.Layer("D", 3, 8, 4, 2, 5)
    assert layer.numbers(3) == 3 * (8**3 * 2 + 4**3 * 5) + 4**3 * 2 * 5


def test_roofline_takes_the_slower_of_computing_and_moving():
    assert work.roofline(10**9, 1, peak=1e9, bandwidth=1e9) == 1
    assert work.roofline(1, 10**9, peak=1e9, bandwidth=2e9) == 2


def test_a_layers_passes_are_its_convolution_and_gradients():
    layer = work.Layer("E", 2, 8, 5, 3, 4)
    passes = layers.passes(layer, 2, "plain")
    output, dx, dk = passes["all"]()
    assert jnp.array_equal(passes["forward"](), output)
    assert jnp.array_equal(passes["input gradient"](), dx)
    assert jnp.array_equal(passes["kernel gradient"](), dk)
    assert (output.shape, dx.shape, dk.shape) == (
        (2, 4, 4, 4),
        (2, 8, 8, 3),
        (5, 5, 3, 4),
    )
    # ⟨y, conv(x)⟩ is linear in x and in the kernel: all three products agree.
    assert convolve(dx, dk, 2, "plain").shape == output.shape


def test_a_layer_of_stride_1_keeps_its_size():
    layer = work.Layer("U", 3, 4, 3, 2, 5, stride=1)
    output, dx, dk = layers.passes(layer, 2, "gather")["all"]()
    assert (output.shape, dx.shape, dk.shape) == (
        (2, 4, 4, 4, 5),
        (2, 4, 4, 4, 2),
        (3, 3, 3, 2, 5),
    )
    assert layer.flops == 2 * 4**3 * 3**3 * 2 * 5
    assert layer.numbers(2) == output.size + dx.size + dk.size


def test_batches_have_the_channels_of_a_configuration():
    config = build_config("vae_gan", 2, image_size=32, image_channels=3)
    assert random_batch(config)["views"].shape == (2, 1, 32, 32, 3)
    assert work.encoder_layers(config)[0].inputs == 3


def test_batches_for_a_refiner_have_cameras():
    config = build_config("mv_vae_gan", 2, image_size=32, refiner="unet")
    batch = random_batch(config)
    assert batch["cameras"].shape == (2, 12, 4)
    assert (batch["cameras"][0, :, 0] == 30 * np.arange(12)).all()
    told = batch_shapes(config)
    assert {k: (x.shape, x.dtype) for k, x in told.items()} == {
        k: (x.shape, x.dtype) for k, x in batch.items()
    }
    assert "cameras" not in batch_shapes(build_config("mv_vae_gan", 2))


@pytest.mark.slow
def test_a_step_with_a_refiner_is_compiled_and_taken():
    metrics = compile_step(tiny_config("vae_gan", **REFINER)).step()
    assert "loss/refiner" in metrics
    assert np.isfinite(list(metrics.values())).all(), metrics


def test_bytes_of_collectives():
    program = """
      %a = (f32[2,3]{1,0}, bf16[5]{0}) all-reduce(%x, %y), replica_groups={}
      %b = f32[] all-reduce-start(%z), to_apply=%add
      %c = f32[] all-reduce-done(%b)
      %d = u8[4,4]{1,0} all-gather(%v), dimensions={0}
      %e = f32[9]{0} add(%p, %q)
    """
    sent = {kind: sizes for kind, sizes in sent_bytes(program).items() if sizes}
    assert sent == {"all-reduce": [2 * 3 * 4 + 5 * 2, 4], "all-gather": [16]}
