"""Convolutions and their adjoints, in formulations for every backend.

Layers use `strided` and `same` alone, which choose between the others.
"""
