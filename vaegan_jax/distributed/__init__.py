"""Devices and processes that work on one batch as if they were one.

Models and training steps use `partition` alone, inside what is traced; who places
arrays uses `sharding`, who starts and ends a run `multihost`.
"""
