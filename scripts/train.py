"""Trains a model: python scripts/train.py --config=configs/mv_vae_gan.py:demo"""

from vaegan_jax.cli import command_line, train

if __name__ == "__main__":
    command_line.run(train.main)
