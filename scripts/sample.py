"""Samples new shapes: python scripts/sample.py --workdir=runs/mv_vae_gan-demo"""

from vaegan_jax.cli import command_line, sample

if __name__ == "__main__":
    command_line.run(sample.main)
