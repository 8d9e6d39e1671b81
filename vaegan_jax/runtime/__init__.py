"""The machine and the process: cores and memory, the cache directory, Ctrl-C.

Any room may use this one, which uses none but `errors`.
"""
