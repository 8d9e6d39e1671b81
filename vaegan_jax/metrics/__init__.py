"""Measures of voxel shapes, as pure functions of arrays.

What every training step measures is traced (`reconstruction`, JAX); the rest is NumPy
but for the distances of whole sets. It uses no other room.
"""
