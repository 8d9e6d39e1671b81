"""Tests lie in the rooms of the library, beside the helpers that only they use.

What several rooms use is here: `helpers` for configurations and data, `using` for
trained models and pictures.
"""
