"""A local web page to try a model on: python scripts/demo.py --workdir=DIR

Needs the extra `demo`: pip install -e '.[demo]'
"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("demo")
