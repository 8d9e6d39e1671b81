"""A model to give away: python scripts/export.py --workdir=DIR

By default as programs that run without this library (StableHLO); with --format=weights
as one small file that the other commands take for a work directory.
"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("export")
