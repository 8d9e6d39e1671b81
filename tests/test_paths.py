"""Paths that hold what shells, patterns, URLs and formats give a meaning to."""

import os

import numpy as np
import pytest
from helpers import Setup, assert_trees_equal, make_examples, tiny_config, untrained
from test_commands import TINY, run
from using import make_picture

from vaegan_jax import export, inference, packed_data, paths
from vaegan_jax.checkpoint import Checkpoints, abstract_state
from vaegan_jax.dataset import open_split
from vaegan_jax.errors import UserError

AWKWARD = [
    *("a[v1]", "*", "?", "{a,b}", "%d", "%20", "#", ":", "a:b", "@4", "=", "~", "~root"),
    *("a b", "'", '"', "ä", "日本", "-x", "--y", ".hidden", "$HOME", "a\nb"),
]
# All of them at once; a backslash is refused.
EVERYTHING = "-a[v1] *?{b,c}%d#:@4=~'\"ä日本$HOME"
SPLITS = ("train", "validation", "test")
