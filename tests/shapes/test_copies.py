"""Copies are found: identical, mirrored, and through others."""

import numpy as np

from vaegan_jax.shapes.copies import digest, grouped, mirror_digest


def test_a_mirror_image_is_the_same_but_no_other_turn():
    grid = np.random.default_rng(0).random((5, 5, 5)) < 0.3
    assert digest(grid) == digest(grid.astype(np.uint8)) != digest(grid[::-1])
    assert mirror_digest(grid) == mirror_digest(grid[::-1])
    for other in (grid[:, ::-1], grid[:, :, ::-1], np.roll(grid, 1, 0)):
        assert mirror_digest(other) != mirror_digest(grid)


def test_groups_join_through_others_and_keep_the_order():
    keys = {"a": [1], "b": [2], "c": [3, 1], "d": [2], "e": [3]}
    assert grouped(list("abcde"), keys.get) == [["a", "c", "e"], ["b", "d"]]
    assert grouped([], keys.get) == []
