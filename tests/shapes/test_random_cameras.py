"""Random cameras are where they are said to be, and shapes fit into their views."""

import numpy as np
import pytest
import trimesh

from vaegan_jax.errors import UserError
from vaegan_jax.shapes.cameras import Camera, numbers_of
from vaegan_jax.shapes.random_cameras import KINDS, RandomCameras, views_of
from vaegan_jax.shapes.render import render_from


@pytest.mark.parametrize(
    "kind, low, high",
    [
        ("random", (0, -10, 1.2, 17.8), (360, 50, 3.6, 50.4)),
        ("r2n2", (0, 25, 1.75 * 0.65, 49.134), (360, 30, 1.75 * 0.94, 49.134)),
    ],
)
def test_they_fill_their_ranges(kind, low, high):
    cameras = RandomCameras(kind, 400).views(np.random.default_rng(0))
    numbers = numbers_of(cameras)
    low, high = np.array(low), np.array(high)
    assert (numbers >= low - 0.05).all() and (numbers <= high + 0.05).all()
    reach = numbers.max(0) - numbers.min(0)
    assert (reach >= 0.95 * (high - low) - 0.1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_are_whole_and_not_small(kind):
    mesh, rng = trimesh.creation.box((0.5, 0.7, 1.0)), np.random.default_rng(1)
    for view in render_from(mesh, RandomCameras(kind, 30).views(rng), 64):
        seen = view < 250
        assert 0.1 < seen.mean() < 0.7
        edge = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]])
        assert edge.mean() < 0.02


def test_a_ring_needs_no_chance():
    assert views_of(Camera(3), [-1]) == Camera(3).views()
    one, again, other = (views_of(RandomCameras(), [0, seed]) for seed in (1, 1, 2))
    assert one == again != other
    with pytest.raises(UserError, match="the seed is -1; random cameras need 0"):
        views_of(RandomCameras(), [-1, 3])


def test_impossible_ones_are_named():
    with pytest.raises(UserError, match="cameras are 'orbit'; give random or r2n2"):
        RandomCameras("orbit")
    with pytest.raises(UserError, match="there are 0 cameras"):
        RandomCameras("random", 0)
