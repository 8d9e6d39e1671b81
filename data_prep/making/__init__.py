"""Shapes made in many processes, and sorted into splits.

It imports no TensorFlow, for every worker process loads it. The builders use it all.
"""
