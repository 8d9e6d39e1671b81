"""3D-VAE-GAN: one image to shape, and latent to shape.

python scripts/train.py --config=configs/vae_gan.py        # the reference recipe
python scripts/train.py --config=configs/vae_gan.py:demo   # a laptop CPU
"""

from vaegan_jax.config import reference_config
from vaegan_jax.recipes import apply_variant


def get_config(variant=""):
    return apply_variant(reference_config("vae_gan"), variant)
