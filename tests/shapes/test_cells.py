import numpy as np

from vaegan_jax.shapes.cells import expand_boxes


def test_boxes_by_hand():
    low, high = np.array([[0, 5], [2, 2], [7, 7]]), np.array([[1, 6], [2, 1], [7, 7]])
    which, (x, y) = expand_boxes(low, high)
    cells = sorted(zip(which.tolist(), x.tolist(), y.tolist(), strict=True))
    assert cells == [(0, 0, 5), (0, 0, 6), (0, 1, 5), (0, 1, 6), (2, 7, 7)]


def test_no_boxes():
    none = np.zeros((0, 3), int)
    which, cells = expand_boxes(none, none)
    assert len(which) == 0 and [len(c) for c in cells] == [0, 0, 0]
