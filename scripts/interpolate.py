"""Shapes between shapes: python scripts/interpolate.py --workdir=DIR --between 3 8

Shapes are numbers of samples, as scripts/sample.py counts them, or pictures or folders
of pictures. `--arithmetic A B C` writes A − B + C instead.
"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("interpolate")
