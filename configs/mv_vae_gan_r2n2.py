r"""MV-3D-VAE-GAN on 3D-R2N2's renders of ShapeNet: any number of views, any cameras.

python scripts/prepare_data.py r2n2 --voxels=ShapeNetVox32.tgz \
    --views=ShapeNetRendering.tgz --split=ShapeNet.json --output=data/r2n2
python scripts/prepare_data.py pack --data_dir=data/r2n2 --image_size=64 \
    --output=data/r2n2.npz
python scripts/train.py --config=configs/mv_vae_gan_r2n2.py \
    --config.data.dir=data/r2n2.npz
python scripts/evaluate.py --workdir=runs/mv_vae_gan_r2n2 --split=test --protocol=r2n2
"""

from vaegan_jax.config.recipes import set_r2n2
from vaegan_jax.config.reference import reference_config


def get_config(variant=""):
    return set_r2n2(reference_config("mv_vae_gan"), variant)
