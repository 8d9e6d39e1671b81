"""The results of docs/results.md and the pictures of docs/images, each made again.

Two commands use it, and no other room. What rows run are commands, each in a process.
"""
