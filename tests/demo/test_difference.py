"""What a refiner changed is counted and coloured."""

import numpy as np

from vaegan_jax.demo.difference import difference_mesh


def test_every_voxel_has_the_colour_of_what_became_of_it():
    before, after = np.zeros((2, 4, 4, 4), np.float32)
    before[0, 0, 0] = before[3, 0, 0] = 1  # kept, taken away
    after[0, 0, 0] = after[0, 0, 3] = after[0, 3, 3] = 1  # kept, added twice
    mesh, legend = difference_mesh(before, after)
    parts = {}
    for corner, colour in zip(mesh.vertices, mesh.visual.vertex_colors, strict=True):
        parts.setdefault(tuple(colour[:3]), []).append(corner)
    kept, added, taken = map(np.array, parts.values())
    np.testing.assert_allclose((kept.min(0), kept.max(0)), ([-0.5] * 3, [-0.25] * 3))
    np.testing.assert_allclose(added.min(0), (-0.5, -0.5, 0.25))
    np.testing.assert_allclose(added.max(0), (-0.25, 0.5, 0.5))
    # In the middle of its voxel, and smaller.
    np.testing.assert_allclose(taken.mean(0), (0.375, -0.375, -0.375), atol=1e-9)
    np.testing.assert_allclose(np.ptp(taken, axis=0), [0.1] * 3)
    for words in ("1 kept", "2 added", "1 taken away"):
        assert words in legend


def test_nothing_differs_from_nothing():
    nothing = np.zeros((4, 4, 4), np.float32)
    assert difference_mesh(nothing, nothing)[0] is None
