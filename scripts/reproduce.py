"""Makes a row of docs/results.md again, with all that it takes.

python scripts/reproduce.py --list
python scripts/reproduce.py --row=mv_vae_gan:demo
python scripts/reproduce.py --row=mv_vae_gan_best:any --voxels=ZIP --views=TAR
"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("reproduce")
