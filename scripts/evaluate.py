"""Measures a model: python scripts/evaluate.py --workdir=runs/mv_vae_gan-demo

Given two work directories, --workdir=A --workdir=B, also compares them pair by pair.
"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("evaluate")
