"""Makes the pictures of the pages in docs/ again.

python scripts/draw_docs.py --list
python scripts/draw_docs.py --picture=using_interpolation.png
"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("draw_docs")
