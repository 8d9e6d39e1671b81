"""The machine and the process: memory, cache, Ctrl-C, locks, paths, `.npz`, progress.

Any room may use this one, which uses none but `errors`.
"""
