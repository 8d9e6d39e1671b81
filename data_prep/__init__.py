"""Makes data sets on disk, which the library then only reads.

`prepare` has a function for each kind of source; `commands` and `options` are
what scripts/prepare_data.py offers of them. Each data set has a folder with its
builder, where TensorFlow Datasets looks for it; the rooms beside these are what
the builders share. It uses `vaegan_jax.shapes` and what reads and writes data sets.
"""
