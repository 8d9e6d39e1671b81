"""Strided convolutions and their adjoints, in formulations for every backend.

Layers use `strided` alone, which chooses between the others.
"""
