"""Pictures to a shape: python scripts/reconstruct.py --workdir=DIR --views a.png b.jpg

`--views` takes pictures of one object, a folder of them, or a folder of such folders.
"""

from vaegan_jax.cli import command_line, reconstruct

if __name__ == "__main__":
    command_line.run(reconstruct.main)
