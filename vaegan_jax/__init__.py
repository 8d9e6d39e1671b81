"""3D-GAN, 3D-VAE-GAN and MV-3D-VAE-GAN for voxel shapes, in JAX and Flax.

The rooms, each importing only from those on floors below it (tests check that):

    12  cli                                     the commands
    11  trainer  demo  benchmark  reproduction  what a command runs
    10  evaluate                                how good a model is
     9  inference                               what a trained model makes
     8  data  checkpoints                       what is read and saved
     7  config                                  what can be set
     6  training                                one step, as pure functions of arrays
     5  models                                  networks, and the prior of their latents
     4  distributed                             devices and processes as one
     3  shapes  metrics                         geometry; measures
     2  runtime  pretrained                     the machine; what comes with the library
     1  errors                                  what a user can mend

What a room is for is told in its `__init__`; docs/architecture.md walks through them.
"""

import lazy_loader

__version__ = "0.3.0"

# `__init__.pyi` says what is public and where it is. Importing the package alone, as
# data_prep does, starts no JAX.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
