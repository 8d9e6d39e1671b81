r"""MV-3D-VAE-GAN on made furniture: the weights that ship, for things unseen.

python scripts/prepare_data.py furniture --output=data/furniture --count=8000 \
    --cameras=random
python scripts/prepare_data.py pack --data_dir=data/furniture --output=furniture.npz
python scripts/train.py --config=configs/mv_vae_gan_furniture.py \
    --config.data.dir=furniture.npz
python scripts/train.py --config=configs/mv_vae_gan_furniture.py:refined \
    --config.data.dir=furniture.npz \
    --config.train.initial_model=runs/mv_vae_gan_furniture
python scripts/export.py --workdir=runs/mv_vae_gan_furniture-refined \
    --format=weights --license=apache-2.0 --output=furniture

From the shipped weights on, with shapes of your own that have cameras:

python scripts/train.py --config=configs/mv_vae_gan_furniture.py:tuned \
    --config.data.dir=mine.npz

And with views of 128², which show the refiner more (`--image_size=128` in both
commands that make them):

python scripts/train.py --config=configs/mv_vae_gan_furniture.py:sharp \
    --config.data.dir=mine128.npz
"""

from vaegan_jax.config.recipes import set_furniture
from vaegan_jax.config.reference import reference_config


def get_config(variant=""):
    return set_furniture(reference_config("mv_vae_gan"), variant)
