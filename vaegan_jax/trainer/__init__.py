"""A training run in its work directory: opened, looped, reported, resumed.

Commands call `train.train`; no other room uses this one.
"""
