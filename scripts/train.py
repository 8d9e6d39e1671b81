"""Trains a model: python scripts/train.py --config=configs/mv_vae_gan.py:demo"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("train")
