"""3D-GAN, 3D-VAE-GAN and MV-3D-VAE-GAN for voxel shapes, in JAX and Flax.

The floors of the library, each importing only from those below:

    5  command_line                                 what scripts/ start with
    4  train  evaluate/  inference  pictures  export the drivers
    3  steps  dataset  input_pipeline  packed_data  checkpoint  reporting  interrupts
    2  state  optimizers  config
    1  models/  losses  prior  metrics/            pure modules and functions of arrays
    0  shapes/  errors                             geometry without JAX
"""

__version__ = "0.1.0"
