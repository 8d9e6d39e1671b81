"""3D-VAE-GAN: what has made the best of real chairs on a CPU; see docs/results.md.

python scripts/prepare_data.py deform --packed=chairs.npz --output=more.npz --copies=8
python scripts/train.py --config=configs/vae_gan_best.py --config.data.dir=more.npz
"""

from vaegan_jax.config.recipes import set_best
from vaegan_jax.config.reference import reference_config


def get_config(variant=""):
    return set_best(reference_config("vae_gan"), variant)
