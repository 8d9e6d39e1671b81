"""The configuration of an experiment, see `checks` for what is possible.

The files in `configs/` call `reference_config` and change what their experiment needs.
Every number below is the reference's unless its comment says otherwise.
"""

import math
from typing import Any

from flax.traverse_util import flatten_dict, unflatten_dict
from ml_collections import ConfigDict, config_dict

from vaegan_jax.config.checks import ALGORITHMS, RESOLUTIONS, require_choice, validate

# Fields that configurations of older runs do not have.
_ADDED = (
    ("data", "fewest_views"),
    ("data", "encoded_views"),
    ("train", "initial_model"),
    ("model", "azimuths"),
    ("model", "azimuth_heads"),
    ("loss", "azimuth_weight"),
    ("model", "discriminator_batch_norm"),
    ("loss", "r1_weight"),
    ("augmentation", "mirror"),
    ("augmentation", "zoom"),
    ("augmentation", "shift"),
    ("augmentation", "contrast"),
    ("loss", "adversarial_every"),
    ("data", "choose_on"),
    ("augmentation", "background"),
    ("model", "image_channels"),
    ("data", "in_memory"),
    ("model", "refiner"),
    ("model", "refiner_widths"),
    ("optimizer", "refiner_lr"),
    ("augmentation", "camera_jitter"),
    ("augmentation", "scale_jitter"),
    ("augmentation", "latent_mix"),
    ("augmentation", "blind"),
    ("train", "only_refiner"),
    ("augmentation", "outline"),
    ("model", "encoder_image_size"),
)

# Of these, what older runs did.
_BEFORE = {("data", "choose_on"): "validation"}


def reference_config(algorithm: str) -> ConfigDict:
    """The recipe of the original project for "gan", "vae_gan" or "mv_vae_gan"."""
    config = ConfigDict()
    config.name = algorithm  # of the work directory, runs/NAME
    config.algorithm = algorithm  # "gan", "vae_gan" or "mv_vae_gan"
    config.seed = 0  # of all that is random

    config.data = ConfigDict()
    # A data set, folder or packed file; None: parametric chairs.
    config.data.dir = config_dict.placeholder(str)
    config.data.train_split = "train"  # what is learnt from
    config.data.validation_split = "validation"  # what is reported on
    # Chooses thresholds and checkpoints: "held_out", a tenth of the training shapes,
    # not trained on; or "validation".
    config.data.choose_on = "held_out"
    # Views of each shape in a training step, drawn anew each time.
    config.data.num_views = {"gan": 0, "vae_gan": 1, "mv_vae_gan": 12}[algorithm]
    # Latents are pooled from a random number of them, this or more; 0: all.
    config.data.fewest_views = 0
    # With azimuth_heads: so many random ones are encoded at all; 0: all.
    config.data.encoded_views = 0
    # Whether a packed file is read whole; None: by its size.
    config.data.in_memory = config_dict.placeholder(bool)

    # Off in the reference; see `augmentation`.
    config.augmentation = ConfigDict()
    config.augmentation.mirror = False  # half of the shapes, with their views
    config.augmentation.zoom = 0.0  # of views, up to this share of their size
    config.augmentation.shift = 0.0  # of views, up to this share of their sides
    config.augmentation.contrast = 0.0  # of ink, by up to this share
    config.augmentation.background = 0.0  # of white, darker by up to this share
    # Outlines in views move out by up to so many pixels, or in by half as many.
    config.augmentation.outline = 0.0
    # For R: errors of cameras, standard deviations up to so many degrees.
    config.augmentation.camera_jitter = 0.0
    # For R: the same of scales, a share.
    config.augmentation.scale_jitter = 0.0
    # For R: how far latents go towards those of other shapes, at most.
    config.augmentation.latent_mix = 0.0
    # For R: share of shapes without views; above 0 it cleans new shapes, too.
    config.augmentation.blind = 0.0

    config.model = ConfigDict()
    config.model.resolution = 32  # edge of the voxel grid: 32 or 64; 8, 16: trials
    config.model.image_size = 224  # pixels, a multiple of 32
    # Pixels that E sees, if R reads more; 0: all.
    config.model.encoder_image_size = 0
    config.model.image_channels = 1  # 1: grey views; 3: colour
    config.model.latent_size = 200  # numbers
    config.model.generator_widths = ()  # channels, 2³ first; (): `default_widths`
    config.model.discriminator_widths = ()  # channels, 2³ last; (): `default_widths`
    config.model.encoder_widths = (64, 128, 256, 512, 400)  # each halves the image
    # Sectors by which E tells the cameras of views; 0: it tells none.
    config.model.azimuths = 0
    # Whether E has a last layer for each, as for a ring.
    config.model.azimuth_heads = True
    # "unet": R reads views at every cell and refines G's shape.
    config.model.refiner = "none"
    config.model.refiner_widths = (64, 128, 256)  # at half the resolution, a quarter, …
    config.model.discriminator_batch_norm = True  # off for R1
    config.model.leak = 0.2  # slope of D's LeakyReLU
    config.model.use_bias = False  # only matters where no BatchNorm follows
    config.model.pooling = "mean"  # of views' latents; or "max", "precision"
    config.model.view_encoding = "fold"  # or "fold_joint", "vmap", "loop"
    config.model.convolution = "auto"  # or "plain", "gather", "winograd"
    config.model.dtype = "float32"  # of products; or "bfloat16"

    config.prior = ConfigDict()
    config.prior.distribution = "normal"  # or "uniform"
    config.prior.scale = 0.33  # standard deviation, or half the width

    config.loss = ConfigDict()
    config.loss.reconstruction = "squared_error"  # or "cross_entropy"
    config.loss.reconstruction_weight = 1.0  # for E and G
    config.loss.kl_weight = 1.0  # for E
    config.loss.azimuth_weight = 10.0  # of telling cameras, where E does
    config.loss.adversarial_weight = 1.0  # for G
    # D and G compete in every n-th step; between, G only reconstructs.
    config.loss.adversarial_every = 1
    config.loss.r1_weight = 0.0  # penalises D's gradient at real shapes
    config.loss.soft_labels = True  # labels of D are drawn
    # The reference's reach 1.2, which is no probability.
    config.loss.real_labels = (0.7, 1.0)  # from here to here
    config.loss.fake_labels = (0.0, 0.3)  # likewise
    # D learns only from batches where its accuracy is at most this.
    config.loss.discriminator_threshold = 0.8

    config.optimizer = ConfigDict()
    config.optimizer.generator_lr = 0.0025  # of Adam
    config.optimizer.encoder_lr = 1e-4  # of Adam
    config.optimizer.discriminator_lr = 1e-3  # of Adam
    config.optimizer.refiner_lr = 1e-3  # at its highest
    config.optimizer.betas = (0.5, 0.5)  # of Adam
    config.optimizer.schedule = True  # of the discriminator's learning rate
    config.optimizer.schedule_epochs = (500, 1000)  # when it falls
    config.optimizer.schedule_factor = 0.1  # by which it falls

    config.train = ConfigDict()
    config.train.batch_size = 32  # shapes, on all devices together
    config.train.num_epochs = 1000  # passes over the training shapes
    config.train.num_steps = config_dict.placeholder(int)  # overrides num_epochs
    # Work directory, weights or `pretrained`; training begins with their G, E and R.
    config.train.initial_model = config_dict.placeholder(str)
    config.train.only_refiner = False  # G, E and D stay as they begin
    config.train.average_decay = 0.0  # moving average of G, E and R; 0 keeps none
    config.train.log_every_steps = 10  # losses
    config.train.pictures_every_epochs = 10.0  # samples, reconstructions
    config.train.evaluate_every_epochs = 10.0  # on what is chosen on

    config.checkpoint = ConfigDict()
    config.checkpoint.every_epochs = 10.0  # saved
    config.checkpoint.every_steps = config_dict.placeholder(int)  # overrides epochs
    config.checkpoint.keep = 3  # the latest
    config.checkpoint.keep_every_epochs = 0.0  # kept for good; 0 keeps none
    return config


def default_widths(resolution: int) -> tuple[int, ...]:
    """Channels from the full grid down to 2³: 32, 64, ... doubling at each halving."""
    return tuple(32 * 2**i for i in range(int(math.log2(resolution)) - 1))


def complete(config: ConfigDict) -> ConfigDict:
    """Validates and returns a copy with every default filled in.

    Raises:
      UserError: a value is impossible; the message names it and what is valid.
    """
    config = ConfigDict(config.to_dict())
    require_choice(config, "algorithm", ALGORITHMS)
    require_choice(config, "model.resolution", RESOLUTIONS)
    widths = default_widths(config.model.resolution)
    config.model.discriminator_widths = config.model.discriminator_widths or widths
    config.model.generator_widths = config.model.generator_widths or widths[::-1]
    validate(config)
    return config


def with_additions(saved: dict[str, Any]) -> dict[str, Any]:
    """The fields of a saved configuration, and those added since it may have been.

    These leave everything as it was without them.
    """
    defaults = flatten_dict(reference_config("gan").to_dict())
    added = {path: v for path, v in defaults.items() if path in _ADDED}
    return unflatten_dict(added | _BEFORE | flatten_dict(saved))


def views_of_training(config: ConfigDict) -> int:
    """From how many views of a shape, at most, a training step makes its latent."""
    return config.data.encoded_views or config.data.num_views
