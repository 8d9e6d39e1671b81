"""The configuration of an experiment: the reference's values, checks, recipes.

`configs/` use `reference` and `recipes`; everything else takes a configuration that
`reference.complete` has checked.
"""
