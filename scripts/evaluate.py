"""Measures a model: python scripts/evaluate.py --workdir=runs/mv_vae_gan-demo

Given two work directories, --workdir=A --workdir=B, also compares them pair by pair.
"""

from vaegan_jax.cli import command_line, evaluate

if __name__ == "__main__":
    command_line.run(evaluate.main)
