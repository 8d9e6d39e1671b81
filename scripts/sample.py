"""Samples new shapes: python scripts/sample.py --workdir=runs/mv_vae_gan-demo"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("sample")
