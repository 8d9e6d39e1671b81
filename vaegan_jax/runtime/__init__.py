"""The machine and the process: memory, cache, Ctrl-C, paths, `.npz` files, progress.

Any room may use this one, which uses none but `errors`.
"""
