"""The results of docs/results.md, each made again by the commands it came from.

One command uses it, and no other room. What it runs are commands, each in a process.
"""
