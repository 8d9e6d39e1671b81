import importlib.util

import jax
import pytest

from tests.helpers import ALGORITHMS, ROOT, Setup
from vaegan_jax.config.checks import validate_for_training
from vaegan_jax.config.reference import (
    complete,
    default_widths,
    reference_config,
    with_additions,
)
from vaegan_jax.errors import UserError

FILES = sorted(path.stem for path in (ROOT / "configs").glob("*.py"))


def load(name, *variant):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"configs/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_config(*variant)


@pytest.mark.parametrize(
    "name, variant",
    [(name, ()) for name in FILES]
    + [(name, ("demo",)) for name in (*ALGORITHMS, "mv_vae_gan_r2n2")]
    + [("mv_vae_gan_best", (variant,)) for variant in ("any", "refined", "gpu")]
    + [("mv_vae_gan_furniture", (name,)) for name in ("refined", "tuned", "sharp")],
)
def test_every_config_builds(name, variant):
    config = complete(load(name, *variant))
    state = jax.eval_shape(Setup(config).create)
    assert (state.encoder is None) == (config.algorithm == "gan")


def test_configs_have_work_directories_of_their_own():
    names = [load(name).name for name in FILES]
    variants = ("any", "refined", "gpu")
    names += [load("mv_vae_gan_best", variant).name for variant in variants]
    variants = ("refined", "tuned", "sharp")
    names += [load("mv_vae_gan_furniture", variant).name for variant in variants]
    assert len(set(names)) == len(names)


def test_there_are_two_configs_for_each_algorithm():
    expected = [name + best for name in ALGORITHMS for best in ("", "_best")]
    others = ["mv_vae_gan_furniture", "mv_vae_gan_r2n2"]
    assert sorted([*expected, *others]) == FILES


def test_unknown_variant_names_the_valid_one():
    with pytest.raises(UserError, match=r"'quick'.*'demo'"):
        load("gan", "quick")


def test_widths_follow_the_resolution():
    assert default_widths(32) == (32, 64, 128, 256)
    config = reference_config("gan")
    config.model.resolution = 64
    assert complete(config).model.generator_widths == (512, 256, 128, 64, 32)


@pytest.mark.parametrize(
    "path, value, expected",
    [
        ("algorithm", "wgan", "'gan', 'vae_gan', 'mv_vae_gan'"),
        ("model.resolution", 48, "8, 16, 32, 64"),
        ("model.pooling", "sum", "'mean', 'max', 'precision'"),
        ("model.view_encoding", "scan", "'fold', 'fold_joint', 'loop', 'vmap'"),
        ("model.convolution", "fft", "'auto', 'plain', 'gather', 'winograd'"),
        ("model.dtype", "float16", "'bfloat16'"),
        ("model.image_size", 100, "multiple of 32"),
        ("model.encoder_image_size", 100, "0, or a positive multiple of 32"),
        ("model.encoder_image_size", -32, "0, or a positive multiple of 32"),
        ("model.generator_widths", (8, 4), "4 positive"),
        ("model.encoder_widths", (), "positive numbers"),
        ("model.encoder_widths", (8, -1), "positive numbers"),
        ("prior.distribution", "gauss", "'normal', 'uniform'"),
        ("prior.scale", 0.0, "positive"),
        ("loss.reconstruction", "l1", "'squared_error', 'cross_entropy'"),
        ("loss.real_labels", (0.7, 1.2), "probabilities"),
        ("loss.discriminator_threshold", 1.5, r"\[0, 1\]"),
        ("optimizer.betas", (0.5, 1.0), r"\[0, 1\)"),
        ("optimizer.schedule_epochs", (5, 2), "increasing"),
        ("data.choose_on", "test", "'held_out', 'validation'"),
        ("train.batch_size", 0, "positive"),
        ("train.num_steps", -1, "positive"),
        ("seed", 2**31, "less than 2³¹"),
        ("data.num_views", 0, "1 or more"),
        ("augmentation.zoom", 1.0, r"\[0, 1\)"),
        ("augmentation.contrast", -0.1, r"\[0, 1\)"),
        ("augmentation.background", 1.0, r"\[0, 1\)"),
        ("augmentation.outline", 1.5, "from 0 to 1"),
        ("train.average_decay", 1.0, r"\[0, 1\)"),
        ("loss.adversarial_every", 0, "positive"),
        ("loss.azimuth_weight", -1.0, "0 or more"),
        ("loss.r1_weight", 1.0, "0 unless model.discriminator_batch_norm is False"),
        ("data.fewest_views", 13, "at most data.num_views, 12"),
        ("model.azimuths", 8, "0, or data.num_views, 12, "),
        ("data.encoded_views", 3, "0, or with model.azimuth_heads at most"),
    ],
)
def test_impossible_values_are_named_with_what_is_valid(path, value, expected):
    config = reference_config("mv_vae_gan")
    config.update_from_flattened_dict({path: value})
    with pytest.raises(UserError, match=f"config.{path} is .*{expected}"):
        complete(config)


@pytest.mark.parametrize(
    "path, value, expected",
    [
        ("optimizer.schedule_epochs", (500, 500), "increasing"),
        ("optimizer.schedule_factor", -1.0, "positive"),
        ("data.validation_split", "train", "another than data.train_split"),
    ],
)
def test_what_older_runs_may_have_had_is_refused_for_new_ones(path, value, expected):
    config = reference_config("gan")
    config.data.choose_on = "validation"
    config.update_from_flattened_dict({path: value})
    config = complete(config)  # as an older run is read
    with pytest.raises(UserError, match=f"config.{path} is .*{expected}"):
        validate_for_training(config)


def test_runs_of_before_chose_on_validation():
    saved = reference_config("gan").to_dict()
    assert with_additions(saved)["data"]["choose_on"] == "held_out"
    del saved["data"]["choose_on"], saved["loss"]["r1_weight"]
    del saved["model"]["image_channels"]
    old = with_additions(saved)
    assert old["model"]["image_channels"] == 1
    assert old["data"]["choose_on"] == "validation" and old["loss"]["r1_weight"] == 0


@pytest.mark.parametrize(
    "path, value, expected",
    [
        ("model.view_encoding", "fold", "'fold_joint' with heads of azimuths"),
        ("augmentation.mirror", True, "False where heads of azimuths learn"),
        ("loss.azimuth_weight", 0.0, "positive with model.azimuths"),
        ("data.encoded_views", 13, "at most data.num_views, 12"),
        ("data.fewest_views", 4, "at most data.encoded_views, 3"),
    ],
)
def test_what_would_mix_azimuths_up_is_refused(path, value, expected):
    config = reference_config("mv_vae_gan")
    config.model.azimuths, config.model.view_encoding = 12, "fold_joint"
    config.data.encoded_views = 3
    complete(config)
    config.update_from_flattened_dict({path: value})
    with pytest.raises(UserError, match=f"config.{path} is .*{expected}"):
        complete(config)


def test_e_sees_a_whole_part_of_the_pixels():
    config = reference_config("mv_vae_gan")
    config.model.encoder_image_size = 64
    with pytest.raises(UserError, match=r"is 64; it must be 0 without a model.refiner"):
        complete(config)
    config.model.refiner = "unet"
    with pytest.raises(UserError, match=r"image_size is 224; it must be .* of 64"):
        complete(config)
    config.model.image_size = 192
    assert complete(config).model.encoder_image_size == 64


@pytest.mark.parametrize("algorithm, azimuths", [("gan", 12), ("vae_gan", 1)])
def test_azimuths_are_for_many_views(algorithm, azimuths):
    config = reference_config(algorithm)
    config.model.azimuths = azimuths
    with pytest.raises(UserError, match=r"azimuths .* 0, or 2 or more for vae_gan"):
        complete(config)


def test_a_plain_gan_has_nothing_to_do_between_turns():
    config = reference_config("gan")
    config.loss.adversarial_every = 2
    with pytest.raises(UserError, match="adversarial_every is 2; it must be 1 for gan"):
        complete(config)
