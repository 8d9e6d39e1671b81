"""Geometry of shapes, without JAX: meshes, voxel grids, cameras, views, their files.

Axes are (x, y, z) everywhere, z up, the front of a shape towards −y; images are uint8
on white (255), grey or of three channels. Any room, `data_prep` too, may use it; it
uses `errors` alone.
"""
