"""What to change of the reference recipe: for a demo, and for the best shapes."""

from ml_collections import ConfigDict

from vaegan_jax.errors import UserError


def set_demo(config: ConfigDict) -> ConfigDict:
    """What every `:demo` shares: what a laptop's CPU trains in minutes.

    Small images and networks, other learning rates, a bias, cross-entropy, a unit
    prior, pooling by precision, and an adversarial loss that weighs something beside a
    reconstruction error of a thousand. Learning rates, pooling and the depth of the
    encoder have been ablated, the others were found together. A 3D-GAN has only D to
    learn from: there D is wider, both are faster, and for longer, and no gate keeps D
    from learning.
    """
    config.name += "-demo"
    config.data.num_views = min(config.data.num_views, 2)
    config.model.image_size = 64
    if config.algorithm == "mv_vae_gan":
        config.model.pooling = "precision"
    # The last grid is 8², about the 7² of the reference's 224² images. Two layers more
    # would leave 2², and little of where things are.
    config.model.encoder_widths = (32, 64, 128)
    config.model.generator_widths = (256, 128, 64, 16)
    config.model.discriminator_widths = (8, 16, 32, 64)
    config.model.use_bias = True
    config.prior.scale = 1.0
    config.loss.reconstruction = "cross_entropy"
    # With 1, reconstructions are hardly better and samples of the prior much worse.
    config.loss.kl_weight = 3.0
    config.loss.adversarial_weight = 20.0
    # With 1e-3 E and G need half as many steps again, with 3e-3 still more.
    config.optimizer.encoder_lr = 2e-4
    config.optimizer.generator_lr = 2e-4
    config.optimizer.discriminator_lr = 2e-4
    config.optimizer.betas = (0.5, 0.99)
    config.train.batch_size = 16
    config.train.num_epochs = 9
    config.train.average_decay = 0.98
    config.train.pictures_every_epochs = 2.0
    config.train.evaluate_every_epochs = 2.0
    config.checkpoint.every_epochs = 4.0
    if config.algorithm == "gan":
        config.model.discriminator_widths = (16, 32, 64, 128)
        config.optimizer.generator_lr = 1e-3
        config.optimizer.discriminator_lr = 1e-3
        config.train.num_epochs = 12
        # A D that always learns, held back by a penalty and not by a gate.
        config.model.discriminator_batch_norm = False
        config.loss.r1_weight = 10.0
        config.loss.soft_labels = False
        config.loss.discriminator_threshold = 1.0
        config.optimizer.betas = (0.0, 0.99)
    return config


def apply_variant(config: ConfigDict, variant: str) -> ConfigDict:
    """What follows the colon in `--config=FILE:VARIANT`: nothing, or "demo"."""
    _require_variant(variant, "demo")
    return set_demo(config) if variant else config


def set_best(config: ConfigDict, variant: str = "") -> ConfigDict:
    """What has made the best of real chairs, with the demo's networks.

    docs/log/results.md has what each change is worth. An epoch is thought to be one of
    a data set with eight deformed copies of each shape.

    Args:
      config: a reference configuration, which is changed.
      variant: "" for a CPU; MV-3D-VAE-GAN also has "any", for any number of pictures,
        "refined", for a refiner of what that has learnt, and "gpu", for more shapes.

    Raises:
      UserError: there is no such variant.
    """
    multiview = config.algorithm == "mv_vae_gan"
    if variant not in (("", "any", "refined", "gpu") if multiview else ("",)):
        raise UserError(
            f"config variant {variant!r} does not exist: the configs named _best have "
            "none, but for mv_vae_gan_best.py:any, :refined and :gpu; leave the colon "
            "out"
        )
    set_demo(config)
    config.name = f"{config.algorithm}_best"
    config.train.average_decay = 0.998
    config.train.evaluate_every_epochs = 0.5
    config.checkpoint.every_steps = 600
    config.train.num_steps = 3000
    if config.algorithm == "gan":
        config.train.average_decay = 0.995
        config.train.num_steps = 5000
        return config
    config.loss.kl_weight = 0.3
    # The gate keeps D from learning nearly always: seldom is enough, and saves time.
    config.loss.adversarial_weight = 1.0
    config.loss.adversarial_every = 4
    if config.algorithm == "mv_vae_gan":
        # For objects seen from all around; of few views it makes little.
        config.data.num_views = 12
        config.model.generator_widths = (256, 128, 64, 32)
        config.train.num_steps = 6500
    if variant == "any":
        return _for_any_number(config)
    if variant == "refined":
        _refined(_for_any_number(config))
        _larger_views(config)
        config.train.num_steps = 3000
        # Without copies, with which it learns more slowly, epochs are short.
        config.train.evaluate_every_epochs = 8.0
        config.train.pictures_every_epochs = 25.0
        return config
    return _for_gpu(config) if variant else config


def _for_any_number(config: ConfigDict) -> ConfigDict:
    """One model for one picture and for twelve; E finds out where each is from."""
    config.name += "-any"
    config.data.fewest_views = 1
    config.model.azimuths = config.data.num_views
    config.model.view_encoding = "fold_joint"
    # Narrow at the end, for every azimuth has a last layer.
    config.model.encoder_widths = (32, 64, 32)
    return config


def _refined(config: ConfigDict) -> ConfigDict:
    """R learns, and nothing else, from what a model of `:any` makes of views.

    Half of the shapes are mirrored: R has no heads that know azimuths.
    """
    config.name = config.name.removesuffix("-any") + "-refined"
    config.model.refiner = "unet"
    config.augmentation.mirror = True
    # A part of what estimates err by. R that learns with all of it makes worse shapes,
    # even where cameras are estimated, see docs/log/experiments.md.
    config.augmentation.camera_jitter = 0.5
    config.augmentation.scale_jitter = 0.01
    config.augmentation.latent_mix = 0.7
    config.train.only_refiner = True
    config.train.batch_size = 8
    return config


def _larger_views(config: ConfigDict) -> None:
    """R reads cells of two pixels, not of one; E sees what it has learnt to see."""
    config.model.encoder_image_size = config.model.image_size
    config.model.image_size = 128


def set_r2n2(config: ConfigDict, variant: str = "") -> ConfigDict:
    """What is trained on renders from anywhere: `set_best` for any number of views.

    A step sees six random views of each shape, and pools from one to six of them.
    E has one last layer for all cameras, and tells them beside. Views are not cropped
    and set before greys at random as others do, see docs/deviations.md.

    Args:
      config: the reference configuration of "mv_vae_gan", which is changed.
      variant: "", or "demo" for a CPU and half an hour.

    Raises:
      UserError: there is no such variant.
    """
    _require_variant(variant, "demo")
    set_best(config)
    config.name = "mv_vae_gan_r2n2"
    config.data.num_views = 6
    config.data.fewest_views = 1
    config.model.azimuths = 24
    config.model.azimuth_heads = False
    if variant:
        config.name += "-demo"
        config.train.num_steps = 3000
        # Of hundreds of shapes, whose epochs are short.
        config.train.evaluate_every_epochs = 5.0
        config.train.pictures_every_epochs = 20.0
        return config
    # Of the 27,579 shapes that are not held out an epoch is 862 steps.
    config.train.batch_size = 32
    config.train.num_steps = 60_000
    config.train.evaluate_every_epochs = 1.0
    config.checkpoint.every_steps = 2000
    return config


def set_furniture(config: ConfigDict, variant: str = "") -> ConfigDict:
    """What the shipped weights are trained with: made furniture, cameras anywhere.

    As `set_r2n2` and the refiner of `set_best`, a little narrower, for small weights.

    Args:
      config: the reference configuration of "mv_vae_gan", which is changed.
      variant: "", "refined" for a refiner of what that has learnt, "tuned" for all of
        it, from the shipped weights on, on a user's own shapes, or "sharp" for longer,
        with larger views, whose outlines are true.

    Raises:
      UserError: there is no such variant.
    """
    _require_variant(variant, "refined", "tuned", "sharp")
    set_r2n2(config, "demo")
    config.name = "mv_vae_gan_furniture"
    config.model.encoder_widths = (32, 64, 96)
    config.model.refiner_widths = (64, 128, 192)
    config.augmentation.mirror = True
    config.augmentation.contrast = 0.3
    # As of photographs that were cut out, and of renders of points.
    config.augmentation.outline = 1.0
    config.train.num_steps = 10_000
    config.train.evaluate_every_epochs = 1.0
    config.train.pictures_every_epochs = 4.0
    if variant:
        _refined(config)
        config.data.num_views = 12
        config.augmentation.blind = 0.1
        config.train.num_steps = 6000
        config.train.evaluate_every_epochs = 1.0
        config.train.pictures_every_epochs = 4.0
    if variant in ("tuned", "sharp"):
        config.name = f"mv_vae_gan_furniture-{variant}"
        config.train.initial_model = "pretrained"
        config.train.only_refiner = False
        config.train.num_steps = 1200
        # Of some hundred shapes, whose epochs are short.
        config.train.evaluate_every_epochs = 4.0
        config.train.pictures_every_epochs = 8.0
    if variant == "sharp":
        _larger_views(config)
        # Of renders: a pixel at their outlines is not to be learnt away.
        config.augmentation.outline = 0.0
        config.train.num_steps = 2400
        config.train.evaluate_every_epochs = 8.0
        config.train.pictures_every_epochs = 25.0
    return config


def _require_variant(variant: str, *others: str) -> None:
    if variant not in ("", *others):
        raise UserError(
            f"config variant {variant!r} does not exist; after the colon there may "
            f"only be {' or '.join(map(repr, others))}"
        )


def _for_gpu(config: ConfigDict) -> ConfigDict:
    """Twice as many chairs seen, in products that a GPU takes half as long for.

    With more steps the squared error of chairs that it has not seen rises.
    """
    config.name += "-gpu"
    config.model.dtype = "bfloat16"
    config.model.encoder_widths = (64, 128, 256)
    config.train.batch_size = 32
    config.train.average_decay = 0.999
    config.checkpoint.every_steps = 2000
    config.train.log_every_steps = 100
    return config
