"""Measures of voxel shapes, as pure functions of arrays."""
