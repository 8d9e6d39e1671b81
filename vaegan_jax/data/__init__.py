"""Prepared data sets: read into memory, put in order, moved to the devices.

Others use `dataset`, which opens either source, and the `examples` that it gives. Only
`tfds_source` imports TensorFlow, and only when a directory is opened.
"""
