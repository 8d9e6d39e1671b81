"""3D-GAN, 3D-VAE-GAN and MV-3D-VAE-GAN for voxel shapes, in JAX and Flax.

The rooms, each importing only from those on floors below it (tests check that):

    11  cli                                   the commands
    10  trainer  demo  benchmark              what a command runs
     9  evaluate                              how good a model is
     8  inference                             what a trained model makes
     7  data  checkpoints                     what is read and saved
     6  config                                what can be set
     5  training                              one step, as pure functions of arrays
     4  models                                networks, and the prior of their latents
     3  distributed                           devices and processes as one
     2  shapes  metrics  runtime              geometry; measures; the machine
     1  errors                                what a user can mend

What a room is for is told in its `__init__`; docs/architecture.md walks through them.
"""

__version__ = "0.1.0"

__all__ = ["load"]


def __getattr__(name: str):
    # `vaegan_jax.load` is that of `inference.model`; importing the package alone, as
    # data_prep does, starts no JAX.
    if name == "load":
        from vaegan_jax.inference.model import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
