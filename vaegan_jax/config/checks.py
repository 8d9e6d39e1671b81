"""Which values a configuration may have."""

import math
from typing import Any, get_args

from ml_collections import ConfigDict

from vaegan_jax.errors import UserError
from vaegan_jax.models.convolutions.strided import Formulation
from vaegan_jax.models.multiview import Pooling, ViewEncoding
from vaegan_jax.training.losses import Reconstruction

ALGORITHMS = ("gan", "vae_gan", "mv_vae_gan")
RESOLUTIONS = (8, 16, 32, 64)  # the two small ones for trials


def validate(config: ConfigDict) -> None:
    """Raises a `UserError` for the first impossible value."""
    require_choice(config, "model.pooling", get_args(Pooling))
    require_choice(config, "data.choose_on", ("held_out", "validation"))
    require_choice(config, "model.view_encoding", get_args(ViewEncoding))
    require_choice(config, "model.convolution", ("auto", *get_args(Formulation)))
    require_choice(config, "model.dtype", ("float32", "bfloat16"))
    require_choice(config, "model.image_channels", (1, 3))
    require_choice(config, "model.refiner", ("none", "unet"))
    require_choice(config, "prior.distribution", ("normal", "uniform"))
    require_choice(config, "loss.reconstruction", get_args(Reconstruction))
    for field in ("generator_widths", "discriminator_widths"):
        widths = config.model[field]
        layers = int(math.log2(config.model.resolution)) - 1
        _require(
            len(widths) == layers and min(widths) > 0,
            f"model.{field}",
            widths,
            f"{layers} positive numbers of channels for resolution "
            f"{config.model.resolution}",
        )
    widths = config.model.encoder_widths
    _require(
        len(widths) > 0 and min(widths) > 0,
        "model.encoder_widths",
        widths,
        "one or more positive numbers of channels",
    )
    halvings = 2 ** len(config.model.encoder_widths)
    seen, size = config.model.encoder_image_size, config.model.image_size
    _require(
        seen >= 0 and seen % halvings == 0,
        "model.encoder_image_size",
        seen,
        f"0, or a positive multiple of {halvings}",
    )
    _require(
        not seen or config.model.refiner != "none",
        "model.encoder_image_size",
        seen,
        "0 without a model.refiner, which alone would read more",
    )
    multiple = seen or halvings
    _require(
        size > 0 and size % multiple == 0,
        "model.image_size",
        size,
        f"a positive multiple of {multiple}",
    )
    for path in (
        *("model.latent_size", "prior.scale", "train.batch_size", "checkpoint.keep"),
        *("train.log_every_steps", "train.num_epochs", "optimizer.generator_lr"),
        *("optimizer.encoder_lr", "optimizer.discriminator_lr"),
        "optimizer.refiner_lr",
        *("train.pictures_every_epochs", "train.evaluate_every_epochs"),
        *("train.num_steps", "checkpoint.every_steps", "checkpoint.every_epochs"),
        "loss.adversarial_every",
    ):
        value = lookup(config, path)
        _require(value is None or value > 0, path, value, "positive")
    for path in (
        *("loss.kl_weight", "loss.reconstruction_weight", "loss.adversarial_weight"),
        *("model.leak", "checkpoint.keep_every_epochs", "seed"),
        *("loss.azimuth_weight", "loss.r1_weight"),
        *("augmentation.camera_jitter", "augmentation.scale_jitter"),
        *("data.fewest_views", "data.encoded_views", "model.azimuths"),
    ):
        value = lookup(config, path)
        _require(value >= 0, path, value, "0 or more")
    _require(config.seed < 2**31, "seed", config.seed, "less than 2³¹")
    _validate_ranges(config)


def validate_for_training(config: ConfigDict) -> None:
    """Raises a `UserError` for what no training should have, though some have had it.

    Models that were trained so are read as ever.
    """
    epochs = config.optimizer.schedule_epochs
    _require(
        len(set(epochs)) == len(epochs),
        "optimizer.schedule_epochs",
        epochs,
        "increasing",
    )
    factor = config.optimizer.schedule_factor
    _require(factor > 0, "optimizer.schedule_factor", factor, "positive")
    initial = config.train.initial_model
    _require(
        bool(initial) or not config.train.only_refiner,
        "train.initial_model",
        initial,
        "a trained model with train.only_refiner, whose G and E stay as they are",
    )
    data = config.data
    _require(
        data.choose_on == "held_out" or data.validation_split != data.train_split,
        "data.validation_split",
        data.validation_split,
        f"another than data.train_split, {data.train_split!r}",
    )


def _validate_ranges(config: ConfigDict) -> None:
    for path in ("loss.real_labels", "loss.fake_labels"):
        bounds = lookup(config, path)
        _require(
            len(bounds) == 2 and 0 <= bounds[0] <= bounds[1] <= 1,
            path,
            bounds,
            "two probabilities, the smaller first",
        )
    threshold = config.loss.discriminator_threshold
    _require(
        0 <= threshold <= 1, "loss.discriminator_threshold", threshold, "within [0, 1]"
    )
    betas = config.optimizer.betas
    _require(
        len(betas) == 2 and all(0 <= b < 1 for b in betas),
        "optimizer.betas",
        betas,
        "two numbers in [0, 1)",
    )
    decay = config.train.average_decay
    _require(0 <= decay < 1, "train.average_decay", decay, "in [0, 1)")
    for name in ("zoom", "shift", "contrast", "background", "latent_mix", "blind"):
        value = config.augmentation[name]
        _require(0 <= value < 1, f"augmentation.{name}", value, "in [0, 1)")
    outline = config.augmentation.outline
    _require(0 <= outline <= 1, "augmentation.outline", outline, "from 0 to 1")
    _require(
        config.algorithm != "gan" or config.loss.adversarial_every == 1,
        "loss.adversarial_every",
        config.loss.adversarial_every,
        "1 for gan, which has nothing else to learn from",
    )
    _require(
        not (config.loss.r1_weight and config.model.discriminator_batch_norm),
        "loss.r1_weight",
        config.loss.r1_weight,
        "0 unless model.discriminator_batch_norm is False: the penalty is on the "
        "gradient by a shape alone",
    )
    epochs = config.optimizer.schedule_epochs
    _require(
        list(epochs) == sorted(epochs) and all(e > 0 for e in epochs),
        "optimizer.schedule_epochs",
        epochs,
        "increasing and positive",
    )
    valid, expected = {
        "gan": (lambda n: n == 0, "0 for gan, which sees no images"),
        "vae_gan": (lambda n: n == 1, "1 for vae_gan"),
        "mv_vae_gan": (lambda n: n >= 1, "1 or more"),
    }[config.algorithm]
    count = config.data.num_views
    _require(valid(count), "data.num_views", count, expected)
    encoded = config.data.encoded_views
    heads = config.model.azimuths > 0 and config.model.azimuth_heads
    _require(
        encoded == 0 or (heads and encoded <= count),
        "data.encoded_views",
        encoded,
        f"0, or with model.azimuth_heads at most data.num_views, {count}; without, "
        "data.num_views are drawn anew anyway",
    )
    fewest, name = config.data.fewest_views, "data.num_views"
    if encoded:
        count, name = encoded, "data.encoded_views"
    _require(fewest <= count, "data.fewest_views", fewest, f"at most {name}, {count}")
    _validate_refiner(config)
    if config.model.azimuths:
        _validate_azimuths(config)
    if heads:
        _validate_azimuth_heads(config)


def _validate_refiner(config: ConfigDict) -> None:
    refiner, widths = config.model.refiner, config.model.refiner_widths
    _require(
        refiner == "none" or config.algorithm != "gan",
        "model.refiner",
        refiner,
        "'none' for gan, which sees no views",
    )
    halvings = 2 ** len(widths)
    _require(
        len(widths) > 0 and min(widths) > 0 and config.model.resolution % halvings == 0,
        "model.refiner_widths",
        widths,
        "one or more positive numbers of channels, of which each halves the "
        f"{config.model.resolution} cells of a side",
    )
    _require(
        refiner != "none" or not config.train.only_refiner,
        "train.only_refiner",
        config.train.only_refiner,
        "False without a model.refiner",
    )


def _validate_azimuths(config: ConfigDict) -> None:
    azimuths = config.model.azimuths
    _require(
        config.algorithm != "gan" and azimuths > 1,
        "model.azimuths",
        azimuths,
        "0, or 2 or more for vae_gan and mv_vae_gan",
    )
    weight = config.loss.azimuth_weight
    _require(weight > 0, "loss.azimuth_weight", weight, "positive with model.azimuths")


def _validate_azimuth_heads(config: ConfigDict) -> None:
    azimuths, count = config.model.azimuths, config.data.num_views
    _require(
        azimuths == count,
        "model.azimuths",
        azimuths,
        f"0, or data.num_views, {count}, for a step encodes views of all azimuths; or "
        "set model.azimuth_heads to False",
    )
    _require(
        config.model.view_encoding == "fold_joint",
        "model.view_encoding",
        config.model.view_encoding,
        "'fold_joint' with heads of azimuths, or BatchNorm would tell these apart too",
    )
    _require(
        config.train.only_refiner or not config.augmentation.mirror,
        "augmentation.mirror",
        config.augmentation.mirror,
        "False where heads of azimuths learn, for a mirrored view is one of another",
    )


def lookup(config: ConfigDict, path: str) -> Any:
    """The value at a dotted path."""
    for key in path.split("."):
        config = config[key]
    return config


def _require(valid: bool, path: str, value: Any, expected: str) -> None:
    if not valid:
        raise UserError(f"config.{path} is {value!r}; it must be {expected}")


def require_choice(config: ConfigDict, path: str, choices: tuple) -> None:
    """Raises a `UserError` unless the value at a dotted path is one of some."""
    value = lookup(config, path)
    expected = "one of " + ", ".join(map(repr, choices))
    _require(value in choices, path, value, expected)
