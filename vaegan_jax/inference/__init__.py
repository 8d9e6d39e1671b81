"""A trained model and what people make with it: samples, reconstructions, files.

Others use `model`, above all `load` and `Model`; commands call the other modules.
"""
