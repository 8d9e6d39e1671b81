"""3D-GAN, 3D-VAE-GAN and MV-3D-VAE-GAN for voxel shapes, in JAX and Flax.

The floors of the library, each importing only from those below:

    5  command_line  config_path  shape_flags        what scripts/ start with
    4  train  trainer  starting_point  evaluate/     the drivers
       inference  pictures  sample  reconstruct  interpolate  shape_files  export  demo
    3  steps  updates  dataset  input_pipeline  packed_data  checkpoint  reporting
       interrupts
    2  state  optimizers  config  config_checks  recipes
    1  models/  losses  prior  metrics/            pure modules and functions of arrays
     0  shapes/  errors  progress  npz_files        geometry and files without JAX
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
