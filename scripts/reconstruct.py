"""Pictures to a shape: python scripts/reconstruct.py --workdir=DIR --views a.png b.jpg

`--views` takes pictures of one object, a folder of them, or a folder of such folders.
"""

from vaegan_jax.cli.main import start

if __name__ == "__main__":
    start("reconstruct")
