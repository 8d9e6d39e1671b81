"""A local web page to try a model on: python scripts/demo.py --workdir=DIR

Needs the extra `demo`: pip install -e '.[demo]'
"""

from vaegan_jax.cli import command_line, demo

if __name__ == "__main__":
    command_line.run(demo.main)
