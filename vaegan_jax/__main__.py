# `python -m vaegan_jax` is the command `vaegan`.

from vaegan_jax.cli.main import main

main()
