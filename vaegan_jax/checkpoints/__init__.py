"""Training states and weights on disk, and how damage to them is found.

The only room that imports orbax. Others use `checkpoint`, `config_file`
and `weights`.
"""
