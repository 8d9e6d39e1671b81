"""3D-VAE-GAN: one image to shape, and latent to shape.

python scripts/train.py --config=configs/vae_gan.py        # the reference recipe
python scripts/train.py --config=configs/vae_gan.py:demo   # a laptop CPU
"""

from vaegan_jax.config.recipes import apply_variant
from vaegan_jax.config.reference import reference_config


def get_config(variant=""):
    return apply_variant(reference_config("vae_gan"), variant)
