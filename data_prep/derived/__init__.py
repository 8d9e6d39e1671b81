"""Packed files made from packed files: deformed copies, and targets that models teach.

It imports no TensorFlow, and no builder but the chairs.
"""
