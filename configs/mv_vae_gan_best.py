r"""MV-3D-VAE-GAN: what has made the best of real chairs; see docs/results.md.

python scripts/prepare_data.py deform --packed=chairs.npz --output=more.npz --copies=8 \
    --procedural=3000
python scripts/train.py --config=configs/mv_vae_gan_best.py --config.data.dir=more.npz
python scripts/sample.py --workdir=runs/mv_vae_gan_best --like=chairs.npz

For any number of pictures, from one up, :any instead; and then, from chairs whose file
tells the cameras of their views, of 128² (`pack --image_size=128`), a refiner of that

python scripts/train.py --config=configs/mv_vae_gan_best.py:refined \
    --config.data.dir=chairs128.npz \
    --config.train.initial_model=runs/mv_vae_gan_best-any

On a GPU, with --copies=16 --procedural=10000, --config=configs/mv_vae_gan_best.py:gpu
"""

from vaegan_jax.config.recipes import set_best
from vaegan_jax.config.reference import reference_config


def get_config(variant=""):
    return set_best(reference_config("mv_vae_gan"), variant)
